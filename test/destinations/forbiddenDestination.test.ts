import { describe, expect, it } from 'vitest';
import { forbiddenDestination } from '../../activities/destinations/forbiddenDestination.js';
import { readDestinations } from '../../activities/destinations/readDestinations.js';

const why = (to: string, setting: string | null) => {
  const destinations = setting === null ? null : readDestinations(setting).destinations;
  const forbidden = forbiddenDestination(to, destinations);
  return forbidden && `${forbidden.kind} ${forbidden.country}`;
};

describe('forbiddenDestination', () => {
  it.each<[string, string, string | null, string | null]>([
    ['no setting, any country', '+442079460000', null, null],
    ['no setting, a premium-rate number', '+19005551234', null, 'premium-rate US'],
    ['no setting, a premium-rate number of Britain', '+449098790000', null, 'premium-rate GB'],
    ['no setting, a premium-rate number that is too long', '+449011234567890', null, 'premium-rate null'],
    ['no setting, a premium-rate number that is too short', '+1900', null, 'premium-rate null'],
    ['no setting, a premium-rate number that is not in use', '+19001234567', null, 'premium-rate null'],
    ['an emergency number, and an area that begins like it', '+44112', '+441,+442', 'emergency null'],
    ['an emergency number that is named', '+49112', '+49112', null],
    ['a premium-rate number, and an area that begins like it', '+3531580123456', '+3531', 'premium-rate IE'],
    ['no setting, an international premium-rate number', '+979123456789', null, 'premium-rate null'],
    ['no setting, 911 in the United States', '+1911', null, 'emergency null'],
    ['no setting, 112 in Germany', '+49112', null, 'emergency null'],
    ['no setting, 112 in Germany after a trunk zero', '+490112', null, 'emergency null'],
    ['no setting, 000 in Australia', '+61000', null, 'emergency null'],
    ['no setting, 999 with nothing but a +', '+999', null, 'emergency null'],
    ['no setting, 112 with nothing but a +', '+112', null, 'emergency null'],
    ['no setting, a number that begins as an emergency number', '+491125551234', null, null],
    ['a country that is named', '+12085551200', 'US,CA,+49', null],
    ["Twilio's test numbers count as the United States", '+15005551200', 'US', null],
    ['another country that is named', '+14165550123', 'US,CA,+49', null],
    ['a prefix that is named', '+4930123456', 'US,CA,+49', null],
    ['lower case and blanks', '+12085551200', ' us , +49', null],
    ['a country that is not named', '+442079460000', 'US,CA,+49', 'elsewhere GB'],
    ['a country that shares the calling code', '+18765551234', 'US,CA,+49', 'elsewhere JM'],
    ['a territory with a code of its own', '+17875551234', 'US', 'elsewhere PR'],
    ['of no country', '+88210123456', 'US', 'elsewhere null'],
    ['a satellite prefix that is named', '+88210123456', 'US,+882', null],
    ['a premium-rate number of a country that is named', '+19005551234', 'US', 'premium-rate US'],
    [
      'a premium-rate number, and the prefix names only its country',
      '+499001234567',
      '+49',
      'premium-rate DE',
    ],
    ['a premium-rate number that a prefix names', '+499001234567', 'US,+49900', null],
    ['an emergency number, and the prefix names only its country', '+1911', '+1', 'emergency null'],
    ['an emergency number that a prefix names', '+1911', '+1911', null],
  ])('%s: %s with %s is %s', (_, to, setting, forbidden) => expect(why(to, setting)).toBe(forbidden));
});
