import type { Command, Option } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

interface Place {
  /** The words before: empty for `ringtrue` itself, ` batch start` for a command of a command. */
  path: string;
  commands: { name: string; description: string }[];
  options: { names: string[]; description: string; takesValue: boolean }[];
}

/** A script that completes commands and options in this shell, made from the commands themselves. */
export function completionScript(program: Command, shell: Shell): string {
  const places = placesOf(program, '');
  switch (shell) {
    case 'bash':
      return bash(places);
    case 'zsh':
      return zsh(places);
    case 'fish':
      return fish(places);
  }
}

function placesOf(command: Command, path: string): Place[] {
  const help = command.createHelp();
  const commands = help
    .visibleCommands(command)
    .filter((sub) => sub.name() !== 'help')
    .map((sub) => ({ name: sub.name(), description: sub.description() }));
  const options = help.visibleOptions(command).map((option) => ({
    names: namesOf(option),
    description: option.description,
    takesValue: option.required || option.optional,
  }));
  const below = command.commands.flatMap((sub) => placesOf(sub, `${path} ${sub.name()}`));
  return [{ path, commands, options }, ...below];
}

function namesOf({ short, long }: Option): string[] {
  return [short, long].filter((name): name is string => typeof name === 'string');
}

/** A word in single quotes, which no shell changes. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function paths(places: Place[]): string[] {
  return places.map(({ path }) => path).filter((path) => path !== '');
}

function bash(places: Place[]): string {
  const cases = places.map(
    ({ path, commands, options }) =>
      `    ${quoted(path)}) commands=${quoted(commands.map(({ name }) => name).join(' '))} options=${quoted(options.flatMap(({ names }) => names).join(' '))} ;;`,
  );
  return `# bash completion of ringtrue. In ~/.bashrc: source <(ringtrue completion bash)
_ringtrue() {
  local current="\${COMP_WORDS[COMP_CWORD]}" place='' commands='' options='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$place $word" in
      ${paths(places).map(quoted).join(' | ')}) place="$place $word" ;;
    esac
  done
  case "$place" in
${cases.join('\n')}
  esac
  COMPREPLY=()
  if [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  elif [[ -n "$commands" ]]; then
    COMPREPLY=($(compgen -W "$commands" -- "$current"))
  fi
}
complete -o default -F _ringtrue ringtrue
`;
}

function zsh(places: Place[]): string {
  // In a list for _describe, a colon ends the name.
  const entry = (name: string, description: string) =>
    quoted(`${name.replaceAll(':', '\\:')}:${description.replaceAll(':', '\\:')}`);
  const cases = places.map(({ path, commands, options }) =>
    [
      `    (${quoted(path)})`,
      `      commands=(${commands.map(({ name, description }) => entry(name, description)).join(' ')})`,
      `      options=(${options.flatMap(({ names, description }) => names.map((name) => entry(name, description))).join(' ')}) ;;`,
    ].join('\n'),
  );
  return `#compdef ringtrue
# zsh completion of ringtrue. In ~/.zshrc, after compinit: source <(ringtrue completion zsh)
_ringtrue() {
  local place='' word
  local -a commands options
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$place $word" in
      (${paths(places).map(quoted).join('|')}) place="$place $word" ;;
    esac
  done
  case "$place" in
${cases.join('\n')}
  esac
  if [[ "$PREFIX" == -* ]]; then
    _describe -o option options
  elif (( \${#commands} )); then
    _describe command commands
  else
    _files
  fi
}
if [[ "\${funcstack[1]}" == _ringtrue ]]; then
  _ringtrue "$@"
else
  compdef _ringtrue ringtrue
fi
`;
}

function fish(places: Place[]): string {
  const lines = places.flatMap(({ path, commands, options }) => {
    const here = `-n ${quotedInFish(`__ringtrue_at ${quotedInFish(path)}`)}`;
    return [
      ...commands.map(
        ({ name, description }) =>
          `complete -c ringtrue ${here} -f -a ${name} -d ${quotedInFish(description)}`,
      ),
      ...options.map(({ names, description, takesValue }) => {
        const flags = names.map((name) =>
          name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
        );
        return `complete -c ringtrue ${here} ${flags.join(' ')}${takesValue ? ' -r' : ''} -d ${quotedInFish(description)}`;
      }),
    ];
  });
  return `# fish completion of ringtrue. Once: ringtrue completion fish > ~/.config/fish/completions/ringtrue.fish
function __ringtrue_at
  set -l place ''
  for word in (commandline -opc)[2..-1]
    switch "$place $word"
      case ${paths(places).map(quotedInFish).join(' ')}
        set place "$place $word"
    end
  end
  test "$place" = "$argv[1]"
end
${lines.join('\n')}
`;
}

/** In fish, a single quote and a backslash need a backslash inside single quotes. */
function quotedInFish(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
