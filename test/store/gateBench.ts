import type { DialLimits } from '../../activities/dialGate.js';
import type { ClaimOrder, DialKey, DialResult, OutcomeStore } from '../../activities/outcomeStore.js';
import type { Engine } from './engines.js';
import { newClaim, newSid, noLimits } from './records.js';

export type Claim = DialKey & ClaimOrder;

/** What the rules about the moment of dialling do again and again. Each test has an account of its own. */
export function gateBench(engine: () => Engine) {
  function atOnce<T>(count: number, work: (store: OutcomeStore, n: number) => Promise<T>): Promise<T[]> {
    const { stores, store } = engine();
    return Promise.all(Array.from({ length: count }, (_, n) => work(stores[n % stores.length] ?? store, n)));
  }

  /** Makes claims on an account that no other test uses. */
  function newAccount(limits: Partial<DialLimits> = {}, differing: Partial<ClaimOrder> = {}) {
    const accountSid = newSid();
    return (more: Partial<Claim> = {}): Claim =>
      newClaim({ accountSid, limits: { ...noLimits, ...limits }, ...differing, ...more });
  }

  const claim = (order: Claim) => engine().store.claimDial(order);
  const by = async (order: Claim) => {
    const answer = await claim(order);
    return answer.claimed ? 'claimed' : answer.by;
  };
  const settle = (key: DialKey, result: DialResult | null, callSid: string | null = null) =>
    engine().store.settleDial({ ...key, result, callSid });
  const sql = (statement: string, parameters: (string | number | null)[] = []) =>
    engine().db.query(statement, parameters);
  const control = (accountSid: string, columns: Record<string, string | number | null>) => {
    const names = Object.keys(columns);
    const places = names.map((_, n) => `$${n + 2}`);
    return sql(
      `insert into dial_control (account_sid, ${names}) values ($1, ${places})
       on conflict (account_sid) do update set (${names}) = row(${places})`,
      [accountSid, ...Object.values(columns)],
    );
  };
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();

  return { atOnce, newAccount, claim, by, settle, sql, control, ago };
}
