import { isSupportedCountry } from 'libphonenumber-js/max';
import { doctorConfiguration } from '../config/doctorConfiguration.js';
import { runDoctor } from '../doctor/runDoctor.js';
import { hide } from '../process/log.js';
import { UsageError } from '../terminal/apiOptions.js';
import { doctorSheet } from '../terminal/doctorSheet.js';
import { print } from '../terminal/print.js';

/** `ringtrue doctor`. Exit status 0 if all is well, 2 if the configuration has a fault, else 1. */
export async function checkDeployment(options: { json: boolean; country?: string[] }): Promise<void> {
  const countries = (options.country ?? []).flatMap((list) => list.split(',')).map(countryOf);
  const configuration = doctorConfiguration(process.env);
  const { ok, checks } = await runDoctor(configuration, { countries });
  const secrets = configuration.secrets;
  const report = {
    ok,
    checks: checks.map((check) => ({
      ...check,
      message: hide(check.message, { secrets, numbers: false }),
    })),
  };
  print(options, report, doctorSheet(report));
  if (!ok) process.exitCode = configuration.faults.length > 0 ? 2 : 1;
}

function countryOf(text: string): string {
  const country = text.trim().toUpperCase();
  if (isSupportedCountry(country)) return country;
  throw new UsageError(`--country ${JSON.stringify(text)} must be a country of ISO 3166, such as DE`);
}
