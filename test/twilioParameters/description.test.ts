import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { ownParameters, twilioParameters } from '../../activities/validation/twilioParameters.js';

/** The form of Twilio's create as Twilio's API description has it. */
function describedParameters(): Record<string, Record<string, unknown>> {
  const file = createRequire(import.meta.url).resolve(
    '@twilio-alpha/mcp/twilio-oai/spec/json/twilio_api_v2010.json',
  );
  const { paths } = JSON.parse(readFileSync(file, 'utf8'));
  const { post } = paths['/2010-04-01/Accounts/{AccountSid}/Calls.json'];
  return post.requestBody.content['application/x-www-form-urlencoded'].schema.properties;
}

it("every parameter of Twilio's API description is either for clients, with its type, or set by ringtrue", () => {
  const described = Object.entries(describedParameters()).map(([name, parameter]) => {
    const { type, format, pattern, enum: words } = parameter;
    const known = {
      type,
      ...(words === undefined ? {} : { enum: words }),
      ...(format === 'uri' ? { format } : {}),
      ...(pattern === undefined ? {} : { pattern }),
    };
    return [name, Object.hasOwn(ownParameters, name) ? 'set by ringtrue' : known];
  });
  const own = Object.keys(ownParameters).map((name) => [name, 'set by ringtrue']);
  expect({ ...twilioParameters, ...Object.fromEntries(own) }).toEqual(Object.fromEntries(described));
});
