/**
 * The names that come twice in the same object of a JSON text, each with the names of the objects around it. `JSON.parse`
 * keeps the last one in silence. The text must be JSON.
 */
export function repeatedNames(text: string): string[][] {
  const repeated: string[][] = [];
  /** Of each object that is open: the names that it has, and the one whose value is being read. A list has none. */
  const open: { names: Set<string>; name: string | null }[] = [];
  for (const [token, , after] of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}[\]]/gs)) {
    if (token === '{' || token === '[') open.push({ names: new Set(), name: null });
    else if (token === '}' || token === ']') open.pop();
    const holder = open.at(-1);
    if (after === undefined || holder === undefined) continue;
    holder.name = JSON.parse(token.slice(0, -after.length)) as string;
    if (holder.names.has(holder.name))
      repeated.push(open.map(({ name }) => name).filter((name) => name !== null));
    holder.names.add(holder.name);
  }
  return repeated;
}
