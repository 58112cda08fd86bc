import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import type { DialLimits } from '../../activities/store/placements/dialLimits.js';
import type {
  ClaimRequest,
  PlacementKey,
  PlacementResult,
} from '../../activities/store/placements/placementJournal.js';
import type { Engine } from './engines.js';
import { newClaim, newSid, noLimits } from './records.js';

export type Claim = PlacementKey & ClaimRequest;

/** What the rules about the moment of dialing do again and again. Each test has an account of its own. */
export function admissionBench(engine: () => Engine) {
  function atOnce<T>(count: number, work: (store: OutcomeStore, n: number) => Promise<T>): Promise<T[]> {
    const { stores, store } = engine();
    return Promise.all(Array.from({ length: count }, (_, n) => work(stores[n % stores.length] ?? store, n)));
  }

  /** Makes claims on an account that no other test uses. */
  function newAccount(limits: Partial<DialLimits> = {}, overrides: Partial<ClaimRequest> = {}) {
    const accountSid = newSid();
    return (more: Partial<Claim> = {}): Claim =>
      newClaim({ accountSid, limits: { ...noLimits, ...limits }, ...overrides, ...more });
  }

  const claim = (request: Claim) => engine().store.claimPlacement(request);
  const by = async (request: Claim) => {
    const answer = await claim(request);
    return answer.claimed ? 'claimed' : answer.by;
  };
  const settle = (key: PlacementKey, result: PlacementResult | null, callSid: string | null = null) =>
    engine().store.settlePlacement({ ...key, result, callSid });
  const sql = (statement: string, parameters: (string | number | null)[] = []) =>
    engine().db.query(statement, parameters);
  const control = (accountSid: string, columns: Record<string, string | number | null>) => {
    const names = Object.keys(columns);
    const places = names.map((_, n) => `$${n + 2}`);
    return sql(
      `insert into dialing_control (account_sid, ${names}) values ($1, ${places})
       on conflict (account_sid) do update set (${names}) = row(${places})`,
      [accountSid, ...Object.values(columns)],
    );
  };
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();

  return { atOnce, newAccount, claim, by, settle, sql, control, ago };
}
