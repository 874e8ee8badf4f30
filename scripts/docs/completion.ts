import { type CommandNode, everyCommand } from './command-tree.js';

/** Values of options that are files or folders, by the name that stands in their flags. */
const FILE = /<(file|folder|directory|path|dir|program|socket)>/;
/** Arguments that are files. */
const FILE_ARGUMENT = /^[<[](file|signature|zip|path)/;

/** Returns a completion script for bash, which needs nothing but bash itself. */
export function bashCompletion(tree: CommandNode): string {
  const all = everyCommand(tree);
  const cases = all.map((node) => {
    const words = [
      ...node.commands.map(({ path }) => path.at(-1)!),
      ...node.arguments.flatMap(({ choices }) => choices),
    ];
    const options = node.options.flatMap(({ short, long }) => [...(short ? [short] : []), long]);
    const files = node.arguments.some(({ term }) => FILE_ARGUMENT.test(term));
    return `    ${quote(node.path.join(' '))}) words=${quote(words.join(' '))} options=${quote([...new Set(options)].join(' '))}${files ? ' files=1' : ''} ;;`;
  });
  const values = all.flatMap((node) =>
    node.options
      .filter(({ takesValue }) => takesValue)
      .map(({ short, long, flags, choices }) => {
        const names = [...(short ? [short] : []), long].map((name) =>
          quote(`${node.path.join(' ')} ${name}`),
        );
        const what =
          choices.length > 0 ? ` values=${quote(choices.join(' '))}` : FILE.test(flags) ? ' files=1' : '';
        return `    ${[...new Set(names)].join(' | ')}) takes=1${what} ;;`;
      }),
  );
  return `# bash completion for tapedeck                                -*- shell-script -*-

# Sets takes=1 where a value follows option $2 of command $1, and values or files to what it may be. The options of the
# program itself, whose command is empty, may follow any command.
_tapedeck_value() {
  takes= values= files=
  case "$1 $2" in
${values.join('\n')}
    *) [[ -z $1 ]] || _tapedeck_value '' "$2" ;;
  esac
}

# Sets words, options and files to what may follow command $1.
_tapedeck_command() {
  words= options= files=
  case $1 in
${cases.join('\n')}
    *) return 1 ;;
  esac
}

_tapedeck() {
  local current=\${COMP_WORDS[COMP_CWORD]} path= word takes values words options files i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $word == -* ]]; then
      _tapedeck_value "$path" "$word"
      if [[ $takes ]]; then
        ((++i == COMP_CWORD)) || continue
        if [[ $values ]]; then
          COMPREPLY=($(compgen -W "$values" -- "$current"))
        elif [[ $files ]]; then
          compopt -o filenames 2>/dev/null
          COMPREPLY=($(compgen -f -- "$current"))
        fi
        return
      fi
    elif _tapedeck_command "\${path:+$path }$word"; then
      path=\${path:+$path }$word
    fi
  done
  _tapedeck_command "$path"
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$options ${rootOptions(tree)}" -- "$current"))
    return
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ $files ]]; then
    compopt -o filenames 2>/dev/null
    COMPREPLY+=($(compgen -f -- "$current"))
  fi
}

complete -F _tapedeck tapedeck
`;
}

const rootOptions = (tree: CommandNode): string =>
  tree.options
    .filter(({ takesValue }) => takesValue)
    .map(({ long }) => long)
    .join(' ');

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
