/** The commands of a shell block: comments left out, lines joined that belong together. */
export function commandsOf(block: string): string[] {
  const commands: string[] = [];
  let open = '';
  for (const line of block.split('\n')) {
    // A comment stands two blanks behind its command, or alone.
    const code = line.replace(/(^| {2})# .*$/, '').trimEnd();
    const text = open === '' ? code.trim() : `${open}\n${code}`;
    open = isOpen(text) ? text : '';
    if (open === '' && text !== '') commands.push(text);
  }
  if (open !== '') throw new Error(`A quote or a line is left open in: ${open}`);
  return commands;
}

/** Does the command go on in the next line: after a backslash, or inside a quote? */
function isOpen(text: string): boolean {
  if (text.endsWith('\\')) return true;
  const unquoted = text.replaceAll(/'[^']*'|"[^"]*"/g, '');
  return /['"]/.test(unquoted);
}
