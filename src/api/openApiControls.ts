import { z } from 'zod';
import { type Control, controlNames, controls } from './controls.js';
import { callIdInPath, type DescribedRoute, jsonContent, location, ref, refusals } from './openApiRoutes.js';

/** The routes that steer a call, as OpenAPI describes them. */
export const controlRoutes = controlNames.map((name): DescribedRoute => {
  const { operationId, summary, description, accepted, takes, bodyRequired, example }: Control =
    controls[name];
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
      202: { description: accepted, headers: location, content: jsonContent(ref('SteeredCall')) },
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
