/** How Twilio's API description says what a parameter holds. */
export interface TwilioParameter {
  type: 'string' | 'integer' | 'boolean' | 'array';
  enum?: readonly string[];
  format?: 'uri';
  pattern?: string;
}

const method = { type: 'string', enum: ['GET', 'POST'] } as const;
const uri = { type: 'string', format: 'uri' } as const;

/**
 * The parameters of Twilio's create that a client may set, by Twilio's names.
 *
 * Source: Twilio's OpenAPI description, `api.v2010`, `POST /Accounts/{AccountSid}/Calls.json`. A test compares them.
 */
export const twilioParameters: Record<string, TwilioParameter> = {
  Method: method,
  FallbackUrl: uri,
  FallbackMethod: method,
  SendDigits: { type: 'string' },
  Record: { type: 'boolean' },
  RecordingChannels: { type: 'string' },
  RecordingTrack: { type: 'string' },
  RecordingStatusCallback: { type: 'string' },
  RecordingStatusCallbackMethod: method,
  RecordingStatusCallbackEvent: { type: 'array' },
  Trim: { type: 'string' },
  MachineDetectionTimeout: { type: 'integer' },
  MachineDetectionSpeechThreshold: { type: 'integer' },
  MachineDetectionSpeechEndThreshold: { type: 'integer' },
  MachineDetectionSilenceTimeout: { type: 'integer' },
  AsyncAmd: { type: 'string' },
  AsyncAmdStatusCallback: uri,
  AsyncAmdStatusCallbackMethod: method,
  SipAuthUsername: { type: 'string' },
  SipAuthPassword: { type: 'string' },
  CallReason: { type: 'string' },
  CallToken: { type: 'string' },
  Byoc: { type: 'string', pattern: '^BY[0-9a-fA-F]{32}$' },
};

/** The parameters that ringtrue sets itself, and what a client does instead. */
export const ownParameters: Record<string, string> = {
  To: 'use the field to',
  From: 'use the field from',
  CallerId: 'use the field from',
  Url: 'use the field url',
  Twiml: 'use the field twiml',
  ApplicationSid: 'use the field applicationSid',
  Timeout: 'use the field ringTimeoutSeconds',
  TimeLimit: 'use the field maxDurationSeconds',
  MachineDetection: 'use the field machineDetection',
  StatusCallback: 'use the field notifyUrl to be notified',
  StatusCallbackEvent: 'use the field notifyOn to choose notifications',
  StatusCallbackMethod: 'use the field notifyUrl to be notified',
};
