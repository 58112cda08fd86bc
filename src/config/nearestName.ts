/**
 * Returns the name that takes the fewest insertions, deletions and replacements of letters to become `name`.
 */
export function nearestName(name: string, names: readonly string[]): string {
  const distances = names.map((known) => ({ known, distance: editDistance(name, known) }));
  return distances.reduce((best, one) => (one.distance < best.distance ? one : best)).known;
}

/** The Levenshtein distance, one row of its table at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let index = 0; index < a.length; index++) {
    const next = [index + 1];
    for (let column = 0; column < b.length; column++)
      next.push(
        Math.min(
          (next[column] ?? 0) + 1,
          (row[column + 1] ?? 0) + 1,
          (row[column] ?? 0) + (a[index] === b[column] ? 0 : 1),
        ),
      );
    row = next;
  }
  return row.at(-1) ?? 0;
}
