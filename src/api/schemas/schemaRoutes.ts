import type { z } from 'zod';
import { callRequestSchema } from '../../../activities/validation/callRequestSchema.js';
import { callOutcomeSchema } from '../calls/callAnswerSchema.js';
import type { Route } from '../http/route.js';
import { schemaDocument } from '../http/schemaDocument.js';

/** What other programs check requests and outcomes with, from the schemas by which the API does. */
export const schemaRoutes: Route[] = [
  schemaRoute('CallRequest', callRequestSchema, 'what a client asks for'),
  schemaRoute('CallOutcome', callOutcomeSchema, 'how a call turned out'),
];

function schemaRoute(name: string, schema: z.ZodType, what: string): Route {
  return {
    method: 'get',
    path: `/schemas/${name}.json`,
    open: true,
    tag: 'Pages',
    operationId: `schemaOf${name}`,
    summary: `Read the JSON Schema of a ${name}`,
    description: `JSON Schema 2020-12 of ${what}.`,
    answers: {
      200: { description: 'The schema.', content: { 'application/schema+json': { schema: {} } } },
    },
    serve: () => {
      const document = JSON.stringify(schemaDocument(schema, name));
      return (c) => c.body(document, 200, { 'Content-Type': 'application/schema+json' });
    },
  };
}
