import { z } from 'zod';
import type { TwilioParameters } from '../../workflows/callRequest.js';
import { must } from './fault.js';
import { ownParameters, type TwilioParameter, twilioParameters } from './twilioParameters.js';

/** NUL and halves of surrogate pairs: PostgreSQL cannot keep them. */
const unstorable = /[\0\p{Surrogate}]/u;
/** As long as TwiML may be. */
const maxLength = 4000;

/** Further parameters of Twilio's create, each as Twilio's API description has it. Others are faults. */
export const twilioParametersSchema = z
  .strictObject(
    {
      ...mapped(twilioParameters, (parameter) => schemaOf(parameter).exactOptional()),
      ...mapped(ownParameters, (instead) =>
        z
          .never({ error: () => `is set by ringtrue; must be left out: ${instead}` })
          .exactOptional()
          .meta({ description: `Set by ringtrue: ${instead}.` }),
      ),
    },
    must("an object with parameters of Twilio's create"),
  )
  .meta({
    description: "Further parameters of Twilio's create, by Twilio's names.",
    example: { SendDigits: 'ww1234#', Record: true },
  }) as unknown as z.ZodType<TwilioParameters>;

export const twilioFieldNames = { twilio: Object.keys(twilioParameters) };

function schemaOf({ type, enum: words, format, pattern }: TwilioParameter): z.ZodType {
  switch (type) {
    case 'boolean':
      return z.boolean(must('true or false'));
    case 'integer':
      return z.int(must('a whole number'));
    case 'array':
      return z.array(anyText(), must('a list of texts'));
    case 'string':
      if (words) return z.enum([...words], must(`one of ${words.join(', ')}`));
      if (format === 'uri')
        return text('an absolute http(s) URL')
          .regex(/^https?:\/\/[^\s/?#][^\s]*$/, { ...must('an absolute http(s) URL'), abort: true })
          .refine(URL.canParse, must('an absolute http(s) URL'))
          .meta({ format: 'uri' });
      if (pattern)
        return text(`text like ${pattern}`).regex(new RegExp(pattern), must(`text like ${pattern}`));
      return anyText();
  }
}

/** The pattern is for JSON Schema. */
function anyText() {
  return text().meta({ pattern: '^[^\\x00]*$' });
}

function text(expected = 'text') {
  return z
    .string(must(expected))
    .max(maxLength, must(`text of at most ${maxLength} characters`))
    .refine((value) => !unstorable.test(value), must('text without NUL and half surrogate pairs'));
}

function mapped<In, Out>(table: Record<string, In>, to: (value: In) => Out): Record<string, Out> {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [name, to(value)]));
}
