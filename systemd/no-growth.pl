# Runs a program that cannot take room on a disk which LimitFSIZE= does not count: perl no-growth.pl PROGRAM ARGUMENT...
# FS_IOC_RESVSP has a file keep room beyond its end, for whoever may write it and past any limit (seen with Linux 6.18 on ext4), and
# systemd filters system calls, not what ioctl() is asked for. So ioctl() is left to terminals and sockets, which Node needs.
use strict;
use warnings;

# include/uapi/linux: audit.h, and the numbers of ioctl() and prctl() of each architecture.
my %KNOWN = (x86_64 => [0xC000003E, 16, 157], aarch64 => [0xC00000B7, 29, 167]);
my $machine = (POSIX_uname())[4];
my ($arch, $ioctl, $prctl) = @{ $KNOWN{$machine} or die "no-growth: not known for $machine\n" };
# setxattrat(), which the filters of older versions of systemd do not know by name; the same everywhere.
my $setxattrat = 463;
my ($ALLOW, $REFUSE, $KILL) = (0x7FFF0000, 0x00050000 | 1, 0x80000000);

my @filter = (
  [0x20, 0, 0, 4],                # the architecture
  [0x15, 1, 0, $arch],
  [0x06, 0, 0, $KILL],
  [0x20, 0, 0, 0],                # the number of the call
  [0x15, 5, 0, $setxattrat],
  [0x15, 0, 5, $ioctl],
  [0x20, 0, 0, 24],               # the low half of what is asked for
  [0x54, 0, 0, 0xFF00],           # of which kind it is
  [0x15, 2, 0, 0x5400],           # terminals, and FIONBIO and its like
  [0x15, 1, 0, 0x8900],           # sockets
  [0x06, 0, 0, $REFUSE],
  [0x06, 0, 0, $ALLOW],
);
my $code = join '', map { pack 'S C C L', @$_ } @filter;
my $program = pack 'S x![P] P', scalar @filter, $code;
# PR_SET_NO_NEW_PRIVS, which the unit has set; PR_SET_SECCOMP, SECCOMP_MODE_FILTER.
syscall($prctl, 38, 1, 0, 0, 0) == 0 or die "no-growth: $!\n";
syscall($prctl, 22, 2, $program) == 0 or die "no-growth: $!\n";
exec { $ARGV[0] } @ARGV or die "no-growth: $ARGV[0]: $!\n";

sub POSIX_uname { require POSIX; return POSIX::uname() }
