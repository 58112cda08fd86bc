import { z } from 'zod';
import { type ControlRoute, controlNames, controlRoutes } from '../calls/controlRoutes.js';
import { callIdInPath, jsonContent, location, type RouteDoc, ref, refusals } from './routeDocs.js';

/** The routes that steer a call, as OpenAPI describes them. */
export const controlRouteDocs = controlNames.map((name): RouteDoc => {
  const {
    operationId,
    summary,
    description,
    accepted,
    bodySchema: takes,
    bodyRequired,
    example,
  }: ControlRoute = controlRoutes[name];
  return {
    method: 'post',
    path: `/calls/{callId}/${name}`,
    secured: true,
    operationId,
    tags: ['Calls'],
    summary,
    description,
    parameters: [callIdInPath],
    ...(takes === null
      ? {}
      : { requestBody: { required: bodyRequired === true, content: jsonContent(schemaOf(takes), example) } }),
    responses: {
      202: { description: accepted, headers: location, content: jsonContent(ref('ControlledCall')) },
      ...refusals('no-such-call', 'state-conflict', 'too-large'),
      ...(takes === null ? {} : refusals('not-json', 'unsupported-media-type', 'invalid-request')),
      ...refusals('temporal-unavailable', 'store-unavailable'),
    },
  };
});

function schemaOf(body: z.ZodObject): object {
  const { $schema, ...schema } = z.toJSONSchema(body, { io: 'input' });
  return schema;
}
