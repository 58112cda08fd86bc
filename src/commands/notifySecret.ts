import { ConfigurationReader } from '../config/configurationReader.js';
import { simulatorCredentials } from '../simulator/simulatorOptions.js';
import { print } from '../terminal/print.js';

/** `ringtrue notify-secret`: prints the newest secret, either configured or derived from the auth token. */
export function printNotifySecret(options: { json: boolean }): void {
  const r = new ConfigurationReader(process.env);
  const authToken = r.values.TWILIO_AUTH_TOKEN ?? simulatorCredentials.authToken;
  const [newest = ''] = r.done(r.notify([authToken], false)).secrets;
  print(options, { secret: newest }, newest);
}
