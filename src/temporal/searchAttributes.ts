import type { ConnectionLike } from '@temporalio/client';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import { searchAttribute } from '../../workflows/call/searchAttributes.js';

/** The types of our search attributes, by name. */
const types = new Map(Object.values(searchAttribute).map(({ name, type }) => [name, type] as const));

/** Those that a namespace which was set up for an older ringtrue may go without: no running workflow writes them. */
export const optionalSearchAttributes: ReadonlySet<string> = new Set([searchAttribute.batch.name]);

const cliTypes = { KEYWORD: 'Keyword', INT: 'Int' } as const;

/** The attributes as `temporal server start-dev --search-attribute` and `temporal operator` take them: `RingtrueTo=Keyword`. */
export const searchAttributeFlags = [...types].map(([name, type]) => `${name}=${cliTypes[type]}`);

/** What both kinds of connection to Temporal can do. */
export type OperatorConnection = Pick<ConnectionLike, 'operatorService' | 'withDeadline'>;

/** An attribute of that name exists with another type; nothing but a person can mend that. */
export class WrongSearchAttribute extends Error {
  override readonly name = 'WrongSearchAttribute';
}

/** Which of our attributes the namespace lacks. Throws `WrongSearchAttribute` when one exists as something else. */
export async function missingSearchAttributes(
  connection: OperatorConnection,
  namespace: string,
): Promise<string[]> {
  const { customAttributes, systemAttributes } = await connection.operatorService.listSearchAttributes({
    namespace,
  });
  const known = { ...systemAttributes, ...customAttributes };
  const wrong: string[] = [];
  const missing: string[] = [];
  for (const [name, type] of types) {
    const found = known[name];
    if (found === undefined || found === null) missing.push(name);
    else if (found !== encodeSearchAttributeIndexedValueType(type))
      wrong.push(`${name} (must be ${cliTypes[type]})`);
  }
  if (wrong.length > 0)
    throw new WrongSearchAttribute(
      `The namespace ${namespace} has search attributes of these names but another type: ${wrong.join(', ')}. ` +
        'A type cannot be changed: use another namespace (TEMPORAL_NAMESPACE), or remove them there and run `ringtrue setup`.',
    );
  return missing;
}

/**
 * Registers those of our search attributes that the namespace lacks; says which. Those already there are left
 * alone. Throws `WrongSearchAttribute`, or what the server answers (on Temporal Cloud this right is not given
 * to programs: there they are added in its UI).
 */
export async function registerSearchAttributes(
  connection: OperatorConnection,
  namespace: string,
): Promise<string[]> {
  const missing = await missingSearchAttributes(connection, namespace);
  if (missing.length === 0) return [];
  const added = [...types].filter(([name]) => missing.includes(name));
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(
        added.map(([name, type]) => [name, encodeSearchAttributeIndexedValueType(type) ?? 0]),
      ),
    });
  } catch (error) {
    // Another process may have been quicker.
    if ((await missingSearchAttributes(connection, namespace)).length > 0) throw error;
    return [];
  }
  return missing;
}

/** What to run where a program may not register them. */
export function howToRegister(namespace: string): string {
  return `run \`ringtrue setup\` with rights to do so, or: ${searchAttributeFlags
    .map((flag) => flag.split('='))
    .map(
      ([name, type]) =>
        `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${type}`,
    )
    .join(' && ')}; on Temporal Cloud add them under Namespace > Search Attributes`;
}
