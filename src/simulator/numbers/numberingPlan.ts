/** What the digits of a number show. Some countries are enough to look real. */
export interface NumberShape {
  callingCode: string | null;
  country: string | null;
  city: string;
  national: string | null;
  /** Lookup's validation error; null: the shape is valid. */
  error: 'TOO_SHORT' | 'TOO_LONG' | 'INVALID_COUNTRY_CODE' | 'NOT_A_NUMBER' | null;
}

/**
 * Calling code → country, a city, digits of a national number. Source: ITU-T E.164 and the national plans.
 */
const plans: Record<string, { country: string; city: string; digits: [min: number, max: number] }> = {
  '1': { country: 'US', city: '', digits: [10, 10] },
  '33': { country: 'FR', city: '', digits: [9, 9] },
  '44': { country: 'GB', city: 'London', digits: [9, 10] },
  '49': { country: 'DE', city: 'Köln', digits: [6, 13] },
  '55': { country: 'BR', city: 'São Paulo', digits: [10, 11] },
  '61': { country: 'AU', city: '', digits: [9, 9] },
  '81': { country: 'JP', city: '', digits: [9, 10] },
  '91': { country: 'IN', city: '', digits: [10, 10] },
};

/** Prefixes that no country has. Source: ITU-T E.164 assigned country codes. */
const unassigned = /^\+(0|21[0479]|259|28[3-9]|38[48]|42[24-9]|69[3-9]|80[1-79]|83|85[1479]|89|978|99[0179])/;

/** Reads a number in E.164. Takes a number without `+` as a US one, as Lookup does. */
export function shapeOf(number: string): NumberShape {
  const digits = number.replace(/[^\d]/g, '');
  const unknown = { callingCode: null, country: null, city: '', national: null };
  if (!/^\+?[\d\s().-]+$/.test(number) || digits.length < 2) return { ...unknown, error: 'NOT_A_NUMBER' };
  const full = number.startsWith('+') ? `+${digits}` : `+1${digits}`;
  if (unassigned.test(full)) return { ...unknown, error: 'INVALID_COUNTRY_CODE' };
  const callingCode = Object.keys(plans).find((code) => full.startsWith(`+${code}`));
  const plan = callingCode ? plans[callingCode] : undefined;
  const [min, max] = plan?.digits ?? [5, 13];
  const rest = full.slice(1 + (callingCode?.length ?? 2));
  if (rest.length < min) return { ...unknown, error: 'TOO_SHORT' };
  if (rest.length > max) return { ...unknown, error: 'TOO_LONG' };
  return {
    callingCode: callingCode ?? null,
    country: plan?.country ?? null,
    city: plan?.city ?? '',
    national: callingCode === '1' ? formatted(rest) : callingCode ? `0${rest}` : rest,
    error: null,
  };
}

/** A number for display: North American ones in brackets, others as they are. */
export function displayed(number: string): string {
  return /^\+1\d{10}$/.test(number) ? formatted(number.slice(2)) : number;
}

function formatted(tenDigits: string): string {
  return `(${tenDigits.slice(0, 3)}) ${tenDigits.slice(3, 6)}-${tenDigits.slice(6)}`;
}
