import type { Message } from '../view/view.js';
import { BarePage, MessageBox } from './layout.js';

/** Is shown in place of any page that needs a session, at the address of that page. */
export function SignInPage({ target, message }: { target: string; message: Message | null }) {
  return (
    <BarePage target={target} title="Sign in">
      {message === null ? null : <MessageBox message={message} />}
      <form method="post" class="sign-in">
        <div class="field">
          <label for="field-token">token</label>
          <input
            id="field-token"
            name="token"
            type="password"
            autocomplete="current-password"
            required
            autofocus
            spellcheck={false}
            aria-describedby="hint-token"
          />
          <small id="hint-token" class="hint">
            One of RINGTRUE_API_TOKENS. The person who runs this server has it.
          </small>
        </div>
        <button type="submit" name="action" value="sign-in">
          Sign in
        </button>
      </form>
    </BarePage>
  );
}
