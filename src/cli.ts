import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { exitStatusOf, sentenceOf } from './process/exitStatus.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** Every command imports what it needs when it runs: `ringtrue --help` must not load Temporal. */
const program = new Command('ringtrue')
  .description('Outbound calls on Twilio with a durable, true outcome: each call is a Temporal workflow.')
  .version(version)
  .showHelpAfterError('(`ringtrue --help` and `ringtrue COMMAND --help` say more)')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .addHelpText(
    'after',
    `
Examples:
  ringtrue dev                                   everything on this machine, with a simulated Twilio
  ringtrue call +15005551200 --say "Hello" --wait   place a call and wait for its outcome
  ringtrue list --outcome busy                   which numbers were busy
  ringtrue get CALL_ID --json                    everything about one call, for programs

Exit status: 0 done; 1 the request was refused or failed; 2 the command or the configuration is not right.
Variables of the environment are described in docs/configuration.md; a file .env is read.`,
  );

const processes = 'Processes:';
program
  .commandsGroup(processes)
  .command('dev')
  .description(
    'everything in one process: Temporal dev server, worker, API, store and, without Twilio credentials, a simulated Twilio',
  )
  .addHelpText(
    'after',
    example('ringtrue dev', 'PORT=8080 ringtrue dev', 'TEMPORAL_ADDRESS=localhost:7233 ringtrue dev'),
  )
  .action(async () => (await import('./commands/dev.js')).runDev({ demo: false, exit: false }));
program
  .command('demo')
  .description('as `dev`, and places about ten calls that each end differently')
  .option('--exit', 'end when the calls are over: status 0 when all ended as they should, else 1', false)
  .action(async ({ exit }: { exit: boolean }) =>
    (await import('./commands/dev.js')).runDev({ demo: true, exit }),
  );
program
  .command('api')
  .description("the HTTP server alone: the calls API, Twilio's webhooks, the pages")
  .action(async () => (await import('./commands/api.js')).runApi());
program
  .command('worker')
  .description('a worker alone; any number of them may run')
  .action(async () => (await import('./commands/worker.js')).runWorker());
program
  .command('simulator')
  .description('the Twilio simulator alone')
  .action(async () => (await import('./commands/simulator.js')).runSimulator());
program
  .command('setup')
  .description('registers the search attributes at Temporal and brings the outcome store up to date')
  .addHelpText(
    'after',
    example('TEMPORAL_ADDRESS=temporal.internal:7233 DATABASE_URL=postgres://… ringtrue setup'),
  )
  .action(async () => (await import('./commands/setup.js')).runSetup());

program
  .command('notify-secret')
  .description("prints the secret with which receivers of a notifyUrl check ringtrue's signature")
  .action(async () => (await import('./commands/notifySecret.js')).printNotifySecret());

const policy = program
  .command('policy')
  .description('retry policies: checks a file, tells what one would do');
policy
  .command('check')
  .description('names every fault of a file of retry policies')
  .argument('[file]', 'the file; default: RINGTRUE_POLICIES')
  .action(async (file) => (await import('./commands/policy.js')).checkPolicies(file));
policy
  .command('explain')
  .description('a dry run: when each attempt would ring, and why no other follows')
  .argument('[file]', 'file of retry policies; default: RINGTRUE_POLICIES, else the built-in ones')
  .option('--outcomes <list>', 'how the attempts end, separated by commas; the last one repeats', 'no-answer')
  .option('--policy <name>', 'only this one')
  .option('--start <time>', 'when the call starts, RFC 3339; default: now')
  .option('--to <number>', 'the callee, E.164: whose clock the window goes by')
  .option('--window <hours>', 'calling window, such as 08:00-21:00')
  .option('--time-zone <name>', 'its time zone, such as Europe/Berlin; default: that of --to')
  .option('--give-up-at <time>', 'RFC 3339: no attempt begins later')
  .option('--json', 'print JSON, for programs', false)
  .addHelpText(
    'after',
    example(
      'ringtrue policy explain --policy standard --outcomes busy,no-answer',
      'ringtrue policy explain policies.json --outcomes sip:480,answered-by-machine --window 08:00-21:00 --to +4930123456',
    ),
  )
  .action(async (file, options) => (await import('./commands/policy.js')).explainPolicies(file, options));

const calls = 'Calls, over the HTTP API:';
overApi(program.commandsGroup(calls).command('call'))
  .description('places a call')
  .argument('<to>', 'destination, E.164: +15005550006')
  .option('--from <number>', 'caller id, E.164; default: what the API has as TWILIO_FROM')
  .option('--say <text>', 'what the callee hears, as speech')
  .option('--twiml <twiml>', 'what the callee hears, as TwiML')
  .option('--url <url>', 'URL that answers with TwiML')
  .option('--application-sid <sid>', 'a TwiML application')
  .option('--ring-timeout <seconds>', 'how long it may ring', wholeNumber)
  .option('--max-duration <seconds>', 'how long the call may last', wholeNumber)
  .option('--machine-detection <mode>', 'off, enable or detectMessageEnd')
  .option('--lookup <mode>', 'off, basic, lineType or lineStatus')
  .option('--retry <policy>', 'name of a retry policy, such as standard, or a policy as JSON')
  .option('--window <hours...>', 'hours in which the phone may ring, at the callee: 08:00-21:00')
  .option('--days <days>', 'days of the window, 1 is Monday: 1-5 or 1,3,6-7')
  .option('--time-zone <zone>', 'time zone of the window; default: that of the number')
  .option('--blocked-dates <date...>', 'local dates on which the phone does not ring: 2026-12-25')
  .option('--urgent', 'the phone may ring at any hour of any day')
  .option('--priority <number>', '1 to 5: calls of a lower number are dialed first; default: 3', wholeNumber)
  .option('--fairness-key <key>', 'waiting calls of different keys take turns')
  .option('--allow-parallel', 'may ring while another call to the number is in flight')
  .option('--not-before <time>', 'RFC 3339')
  .option('--give-up-at <time>', 'RFC 3339: no attempt begins later')
  .option('--notify-url <url>', 'where the outcome is posted')
  .option('--notify-on <event...>', 'what is posted there: call.ended, attempt.ended; default: both')
  .option('--eligibility-url <url>', 'who is asked, before each dialing, whether the number may be called')
  .option('--metadata <name=value...>', 'strings that are given back with the outcome')
  .option('--key <key>', 'Idempotency-Key: the same key never places a second call')
  .option('--wait', 'wait until the call is over, and show its outcome', false)
  .addHelpText(
    'after',
    example(
      'ringtrue call +15005551200 --from +15005550006 --say "Your table is ready" --wait',
      'ringtrue call +15005552486 --twiml "<Response><Hangup/></Response>" --retry standard --key order-4711',
      'ringtrue call +12085551200 --say "Hello" --window 09:00-12:00 13:30-18:00 --days 1-5',
    ),
  )
  .action(async (to, options) => (await import('./commands/calls.js')).placeCall(to, options));
overApi(program.command('get'))
  .description('shows a call: its state, its attempts and, when it is over, its outcome')
  .argument('<id>', 'call id')
  .option('--wait', 'wait until the call is over', false)
  .action(async (id, options) => (await import('./commands/calls.js')).showCall(id, options));
overApi(program.command('list'))
  .description('lists calls, newest first')
  .option(
    '--outcome <outcome>',
    'answered, busy, no-answer, failed, canceled, invalid-number, rejected, expired, unknown',
  )
  .option(
    '--state <state>',
    'looking-up, waiting, placing, queued, ringing, in-progress, waiting-to-retry, recording, done',
  )
  .option('--to <number>', 'calls to this number')
  .option('--batch <id>', 'calls that this batch started')
  .option('--since <time>', 'started at or after, RFC 3339')
  .option('--until <time>', 'started before, RFC 3339')
  .option('--limit <count>', 'how many', wholeNumber)
  .option('--cursor <cursor>', 'where an earlier list stopped')
  .action(async (options) => (await import('./commands/calls.js')).listCalls(options));
overApi(program.command('cancel'))
  .description('cancels a call: stops further attempts, and ends what Twilio has begun')
  .argument('<id>', 'call id')
  .option('--reason <text>', 'why, for the record')
  .action(async (id, options) => (await import('./commands/calls.js')).cancelCall(id, options));
overApi(program.command('retry'))
  .description('dials now, where a call waits to retry')
  .argument('<id>', 'call id')
  .action(async (id, options) => (await import('./commands/calls.js')).retryCall(id, options));
overApi(program.command('pause'))
  .description('pauses a call: no attempt begins until it is resumed; what Twilio has begun goes on')
  .argument('<id>', 'call id')
  .option('--reason <text>', 'why; shown while it is paused')
  .action(async (id, options) => (await import('./commands/calls.js')).pauseCall(id, options));
overApi(program.command('resume'))
  .description('lets a paused call go on')
  .argument('<id>', 'call id')
  .action(async (id, options) => (await import('./commands/calls.js')).resumeCall(id, options));
overApi(program.command('reschedule'))
  .description('has the next attempt of a waiting call begin at another time')
  .argument('<id>', 'call id')
  .requiredOption('--at <time>', 'RFC 3339; what is past means now')
  .addHelpText('after', example('ringtrue reschedule CALL_ID --at 2040-01-31T09:00:00+01:00'))
  .action(async (id, options) => (await import('./commands/calls.js')).rescheduleCall(id, options));
overApi(program.command('dead-letters'))
  .description('lists notifications that no receiver took, newest first')
  .option('--call <id>', 'those of one call')
  .option('--state <state>', 'dead, or delivered: sent again, and taken')
  .option('--limit <count>', 'how many', wholeNumber)
  .option('--cursor <cursor>', 'where an earlier list stopped')
  .action(async (options) => (await import('./commands/deadLetters.js')).listDeadLetters(options));
overApi(program.command('resend'))
  .description('posts a notification that no receiver took once more, for a day if need be')
  .argument('[id]', 'id of the dead letter')
  .option('--all', 'every dead letter that was not delivered', false)
  .action(async (id, options) => (await import('./commands/deadLetters.js')).resend(id, options));

const doNotCall = program
  .commandsGroup('Control, over the HTTP API:')
  .command('do-not-call')
  .description('the list of numbers that must not be called');
overApi(doNotCall.command('add'))
  .description('puts a number on the list; adding never shortens what is there')
  .argument('<number>', 'E.164: +15005550006')
  .option('--reason <text>', 'why, for the record')
  .option('--expires <time>', 'RFC 3339; default: for good')
  .action(async (number, options) => (await import('./commands/doNotCall.js')).add(number, options));
overApi(doNotCall.command('remove'))
  .description('takes a number off the list')
  .argument('<number>', 'E.164')
  .action(async (number, options) => (await import('./commands/doNotCall.js')).remove(number, options));
overApi(doNotCall.command('check'))
  .description('tells whether a number is on the list, or remembered as invalid')
  .argument('<number>', 'E.164')
  .action(async (number, options) => (await import('./commands/doNotCall.js')).check(number, options));
overApi(doNotCall.command('list'))
  .description('shows the list, by number')
  .option('--reason <text>', 'entries with exactly this reason')
  .option('--source <source>', 'api, csv or opt-out')
  .option('--expired <true|false>', 'true: only what has expired; false: only what holds')
  .option('--limit <count>', 'how many', wholeNumber)
  .option('--cursor <cursor>', 'where an earlier list stopped')
  .action(async (options) => (await import('./commands/doNotCall.js')).list(options));
overApi(doNotCall.command('import'))
  .description('puts every number of a CSV file on the list, or none when anything is wrong')
  .argument('<file>', 'CSV with a header: to, and if wanted reason and expires_at')
  .action(async (file, options) => (await import('./commands/doNotCall.js')).importFile(file, options));
overApi(doNotCall.command('purge'))
  .description('deletes what has expired')
  .action(async (options) => (await import('./commands/doNotCall.js')).purge(options));

const invalidNumbers = program
  .command('invalid-numbers')
  .description('numbers that Twilio has shown not to exist');
overApi(invalidNumbers.command('list', { isDefault: true }))
  .description('shows them, with what Twilio said')
  .option('--limit <count>', 'how many', wholeNumber)
  .option('--cursor <cursor>', 'where an earlier list stopped')
  .action(async (options) => (await import('./commands/invalidNumbers.js')).list(options));
overApi(invalidNumbers.command('forget'))
  .description('forgets one, so that it is dialed again')
  .argument('<number>', 'E.164')
  .action(async (number, options) => (await import('./commands/invalidNumbers.js')).forget(number, options));

const dialing = program.command('dialing').description('limits, pause and circuit breaker of the account');
overApi(dialing.command('show', { isDefault: true }))
  .description('shows how dialing stands')
  .action(async (options) => (await import('./commands/dialing.js')).show(options));
overApi(dialing.command('pause'))
  .description('stops dialing; calls under way go on, and waiting ones wait')
  .option('--reason <text>', 'why, for the record')
  .action(async (options) => (await import('./commands/dialing.js')).pause(options));
overApi(dialing.command('resume'))
  .description('goes on dialing, and closes the circuit breaker')
  .action(async (options) => (await import('./commands/dialing.js')).resume(options));
overApi(dialing.command('limits'))
  .description(
    'sets limits, for every worker from its next dial on; `default`: as the workers are configured',
  )
  .option('--cps <rate>', 'calls placed per second')
  .option('--in-flight <count>', 'calls under way at once')
  .option('--per-number <count>', 'calls to one number under way at once')
  .option('--contacts <count/seconds>', 'calls to one number within so many seconds')
  .addHelpText(
    'after',
    example(
      'ringtrue dialing limits --cps 5 --in-flight 20',
      'ringtrue dialing limits --contacts 3/86400 --per-number 1',
      'ringtrue dialing limits --cps default',
    ),
  )
  .action(async (options) => (await import('./commands/dialing.js')).limits(options));

const batch = program
  .commandsGroup('Batches of calls, over the HTTP API:')
  .command('batch')
  .description('many calls from one file, and what became of them');
overApi(batch.command('start'))
  .description('places the calls of a file; every row is checked before anything is dialed')
  .argument('<file>', 'FILE.csv, with the names of the columns in the first line, or FILE.json')
  .option('--defaults <json>', 'what every call has unless its row says otherwise')
  .option('--name <name>', 'for people')
  .option('--window <count>', 'how many calls may run at a time; default: 100', wholeNumber)
  .option('--delimiter <delimiter>', 'what is between the cells: , ; or tab')
  .option('--unique', 'refuse a file in which a number comes twice', false)
  .option('--paused', 'dial nothing before `ringtrue batch resume`', false)
  .option('--key <key>', 'Idempotency-Key: the same key never starts a second batch')
  .option('--wait', 'wait until every call is over', false)
  .addHelpText(
    'after',
    example(
      `ringtrue batch start numbers.csv --defaults '{"twiml":"<Response><Say>Hello</Say></Response>"}' --window 20`,
      'ringtrue batch start calls.json --name "Appointments" --key appointments-monday --wait',
    ),
  )
  .action(async (file, options) => (await import('./commands/batches.js')).startBatch(file, options));
overApi(batch.command('show'))
  .description('shows how far a batch is')
  .argument('<id>', 'batch id')
  .option('--wait', 'wait until every call is over', false)
  .action(async (id, options) => (await import('./commands/batches.js')).showBatch(id, options));
overApi(batch.command('list'))
  .description('lists batches, newest first')
  .option('--limit <count>', 'how many', wholeNumber)
  .option('--cursor <cursor>', 'where an earlier list stopped')
  .action(async (options) => (await import('./commands/batches.js')).listBatches(options));
overApi(batch.command('results'))
  .description('prints what became of each row, as CSV; with --json one row a line')
  .argument('<id>', 'batch id')
  .addHelpText('after', example('ringtrue batch results BATCH_ID > results.csv'))
  .action(async (id, options) => (await import('./commands/batches.js')).printResults(id, options));
overApi(batch.command('pause'))
  .description('starts no further call; those that run go on')
  .argument('<id>', 'batch id')
  .action(async (id, options) => (await import('./commands/batches.js')).controlBatch(id, 'pause', options));
overApi(batch.command('resume'))
  .description('goes on after a pause')
  .argument('<id>', 'batch id')
  .action(async (id, options) => (await import('./commands/batches.js')).controlBatch(id, 'resume', options));
overApi(batch.command('cancel'))
  .description('starts no further call, and cancels those that run')
  .argument('<id>', 'batch id')
  .option('--reason <text>', 'why, for the record')
  .action(async (id, options) => (await import('./commands/batches.js')).controlBatch(id, 'cancel', options));
overApi(program.command('redial'))
  .description('a new batch of recorded calls that a query finds; of each number the newest call counts')
  .option('--batch <id>', 'calls of this batch')
  .option('--outcome <outcomes>', 'calls that turned out so: busy,no-answer')
  .option('--reachability <words>', 'reachable, unreachable, invalid, undetermined')
  .option('--to <number>', 'calls to this number')
  .option('--since <time>', 'started at or after, RFC 3339')
  .option('--until <time>', 'started before, RFC 3339')
  .option('--overrides <json>', 'what every call has, whatever its first request said')
  .option('--name <name>', 'for people')
  .option('--window <count>', 'how many calls may run at a time; default: 100', wholeNumber)
  .option('--dry-run', 'only show what would be dialed', false)
  .option('--key <key>', 'Idempotency-Key: the same key never starts a second batch')
  .option('--wait', 'wait until every call is over', false)
  .addHelpText('after', example('ringtrue redial --batch BATCH_ID --outcome busy,no-answer --dry-run'))
  .action(async (options) => (await import('./commands/batches.js')).redial(options));

/** The options of every command that talks to the API. */
function overApi(command: Command): Command {
  return command
    .option('--json', 'print JSON, for programs', false)
    .addOption(
      new Option('--api <url>', 'where the API is; default: http://localhost:$PORT').env('RINGTRUE_API_URL'),
    )
    .addOption(new Option('--token <token>', 'bearer token of the API').env('RINGTRUE_API_TOKEN'));
}

function wholeNumber(text: string): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(number)) return program.error(`error: ${JSON.stringify(text)} is not a whole number`);
  return number;
}

function example(...commands: string[]): string {
  return `\nExample${commands.length > 1 ? 's' : ''}:\n${commands.map((command) => `  ${command}`).join('\n')}`;
}

try {
  const { loadDotEnv } = await import('./config/loadDotEnv.js');
  loadDotEnv();
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${sentenceOf(error)}\n`);
  process.exitCode = exitStatusOf(error);
}
// Temporal's native threads would keep alive a process whose start failed.
process.exit();
