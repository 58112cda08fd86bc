import { describe, expect, it } from 'vitest';
import { apiConfiguration } from '../../src/config/configuration.js';
import { complete, faultsOf } from './faultsOf.js';

describe('RINGTRUE_API_TOKENS', () => {
  const secret = 'S3cret-0123456789';
  const withTokens = (RINGTRUE_API_TOKENS: string) => ({ ...complete, RINGTRUE_API_TOKENS });

  it('entries with and without name and role: a token without a role is admin, and has its position', () => {
    const { apiTokens, secrets } = apiConfiguration(
      withTokens(
        `web-shop:call:${secret}, short , Änne Müller@x.de:read:another/token==,last:admin:a-third-one`,
      ),
    );
    expect(apiTokens).toEqual([
      { name: 'web-shop', role: 'call', token: secret },
      { name: 'token 1', role: 'admin', token: 'short' },
      { name: 'Änne Müller@x.de', role: 'read', token: 'another/token==' },
      { name: 'last', role: 'admin', token: 'a-third-one' },
    ]);
    expect(secrets).toEqual(expect.arrayContaining([secret, 'short', 'another/token==', 'a-third-one']));
    expect(secrets).not.toContain('web-shop');
  });

  it.each([
    [
      'an unknown role',
      `ann:${secret}:${secret}`,
      ['has an unknown role in entry 1; must be read, call, admin, as in NAME:ROLE:TOKEN'],
    ],
    [
      'a role in capitals',
      `x,ann:Admin:${secret}`,
      ['has an unknown role in entry 2; must be read, call, admin, as in NAME:ROLE:TOKEN'],
    ],
    [
      'an empty role',
      `ann::${secret}`,
      ['has an unknown role in entry 1; must be read, call, admin, as in NAME:ROLE:TOKEN'],
    ],
    [
      'an empty name',
      `:read:${secret}`,
      [
        'has no usable name in entry 1; must be 1..64 letters, digits, blanks and ._@-, begin with a letter or digit and not end with a blank, as in NAME:ROLE:TOKEN',
      ],
    ],
    [
      'a name with other characters',
      `${secret}<b>:read:${secret}`,
      [
        'has no usable name in entry 1; must be 1..64 letters, digits, blanks and ._@-, begin with a letter or digit and not end with a blank, as in NAME:ROLE:TOKEN',
      ],
    ],
    [
      'a name of 65 characters',
      `${'n'.repeat(65)}:read:${secret}`,
      [
        'has no usable name in entry 1; must be 1..64 letters, digits, blanks and ._@-, begin with a letter or digit and not end with a blank, as in NAME:ROLE:TOKEN',
      ],
    ],
    ['an empty token', 'ann:read:', ['has no usable token in entry 1; must be letters, digits and -._~+/=']],
    ['an empty entry', `${secret},`, ['has no usable token in entry 2; must be letters, digits and -._~+/=']],
    [
      'a blank in the token',
      `ann:read:${secret} ${secret}`,
      ['has no usable token in entry 1; must be letters, digits and -._~+/='],
    ],
    [
      'a blank before the token',
      `ann:read: ${secret}`,
      ['has no usable token in entry 1; must be letters, digits and -._~+/='],
    ],
    [
      'a token of 5 characters',
      'ann:read:S3cre',
      [
        'has a token of fewer than 6 characters in entry 1; must be longer, such as from: openssl rand -hex 32',
      ],
    ],
    ['two parts', `ann:${secret}`, ['has 2 parts in entry 1; must be TOKEN or NAME:ROLE:TOKEN']],
    [
      'a colon in the token',
      `ann:read:${secret}:x`,
      ['has 4 parts in entry 1; must be TOKEN or NAME:ROLE:TOKEN'],
    ],
    [
      'two entries with one name',
      `ann:read:${secret},b,ann:call:${secret}2`,
      ['has the same name in entries 1 and 3; must differ, because it says who did something'],
    ],
    [
      'a name that is the position of another entry',
      `${secret},token 0:read:${secret}2`,
      ['has the same name in entries 1 and 2; must differ, because it says who did something'],
    ],
    [
      'two entries with one token',
      `ann:read:${secret},bob:admin:${secret}`,
      ['has the same token in entries 1 and 2; must differ, because it says who sends a request'],
    ],
    [
      'several faults',
      `:x:y y,b,c:${secret}`,
      [
        'has no usable name in entry 1; must be 1..64 letters, digits, blanks and ._@-, begin with a letter or digit and not end with a blank, as in NAME:ROLE:TOKEN',
        'has an unknown role in entry 1; must be read, call, admin, as in NAME:ROLE:TOKEN',
        'has no usable token in entry 1; must be letters, digits and -._~+/=',
        'has 2 parts in entry 3; must be TOKEN or NAME:ROLE:TOKEN',
      ],
    ],
  ])('%s: refused, and no part of an entry is repeated', (_, text, faults) => {
    for (const role of ['api', 'dev'] as const) {
      const found = faultsOf(role, withTokens(text));
      expect(found).toEqual(faults.map((fault) => `RINGTRUE_API_TOKENS ${fault}`));
      expect(found.join()).not.toMatch(/S3cre|ann|nnn/);
    }
  });
});
