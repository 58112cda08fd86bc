import { z } from 'zod';

/** What clients write, as JSON Schema 2020-12. Schemas that have an id are in `$defs`. */
export function writtenSchema(type: z.ZodType): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(type, {
    io: 'input',
    // What z.custom checks, the schema's own meta describes.
    unrepresentable: 'any',
    override({ jsonSchema }) {
      // zod gives every integer these bounds; they say nothing.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
}

/** The schema as a document of its own, named by its id. */
export function schemaDocument(type: z.ZodType, name: string): object {
  const { $schema, $defs = {} } = writtenSchema(type);
  const { [name]: root, ...others } = withExamples($defs) as Record<string, object>;
  return {
    $schema,
    $id: `urn:ringtrue:schema:${name}`,
    title: name,
    ...root,
    ...(Object.keys(others).length === 0 ? {} : { $defs: others }),
  };
}

/** `example` is OpenAPI's; JSON Schema has `examples`. */
function withExamples(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withExamples);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      key === 'example'
        ? ['examples', [inner]]
        : [key, key === 'properties' ? ofEach(inner) : withExamples(inner)],
    ),
  );
}

/** A field may be named as a keyword. */
function ofEach(properties: object): object {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, withExamples(schema)]));
}
