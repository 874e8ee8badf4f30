export type SidebarGroup = { text: string; pages: readonly (readonly [text: string, page: string])[] };

/** Every page of the site, in the order in which one reads them. `npm run docs` fails if a page is missing here. */
export const sidebar: readonly SidebarGroup[] = [
  {
    text: 'Start',
    pages: [
      ['Overview', 'index'],
      ['Quick start: Asterisk', 'start/asterisk'],
      ['Quick start: FreePBX', 'start/freepbx'],
      ['Install', 'start/install'],
      ['Configure by hand', 'start/by-hand'],
      ['In containers', 'start/container'],
      ['Asterisk configuration', 'start/asterisk-configuration'],
      ['Several PBXs', 'start/several-pbxs'],
      ['A PBX on another machine', 'start/pbx-elsewhere'],
      ['Documents for your office', 'documents/index'],
    ],
  },
  {
    text: 'Operate',
    pages: [
      ['Operating Tapedeck', 'operate/operating'],
      ['HTTPS', 'operate/https'],
      ['Services', 'operate/services'],
      ['Logs', 'operate/logs'],
      ['Support bundle', 'operate/support'],
      ['The master key', 'operate/master-key'],
      ['The archive', 'operate/archive'],
      ['Live audio in memory', 'operate/live-audio'],
      ['Backups', 'operate/backup'],
      ['Copy by hand', 'operate/copy-by-hand'],
      ['Upgrade', 'operate/upgrade'],
      ['Move to another machine', 'operate/moving'],
      ['Move by hand', 'operate/moving-by-hand'],
      ['Uninstall', 'operate/uninstall'],
    ],
  },
  {
    text: 'Runbooks',
    pages: [['Restore by hand', 'runbooks/restore-by-hand']],
  },
  {
    text: 'Reference',
    pages: [
      ['Commands', 'reference/commands'],
      ['Command line', 'reference/command-line'],
      ['Configuration', 'reference/configuration'],
      ['Exit codes', 'reference/exit-codes'],
      ['Register of personal data', 'reference/personal-data'],
      ['Glossary', 'reference/glossary'],
      ['Security', 'reference/security'],
      ['Architecture', 'reference/architecture'],
      ['Decisions', 'decisions/index'],
      ['Contributing', 'reference/contributing'],
      ['Changelog', 'reference/changelog'],
    ],
  },
];
