import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, Command, Option } from 'commander';
import { exitStatusOf, sentenceOf } from './process/exitStatus.js';
import { packageRoot } from './process/packageRoot.js';

const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'));

/** Each command imports what it needs when it runs, so that `ringtrue --help` does not load Temporal. */
const program = new Command('ringtrue')
  .description(
    'Places phone calls through Twilio and records what really happened: each call is a Temporal workflow.',
  )
  .version(version)
  .showHelpAfterError('(see `ringtrue --help` and `ringtrue COMMAND --help`)')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .addHelpText(
    'after',
    `
Examples:
  ringtrue dev                                   everything on this machine, with a simulated Twilio
  ringtrue call +15005551200 --say "Hello" --wait   place a call and wait for its outcome
  ringtrue list --outcome busy                   which numbers were busy
  ringtrue get CALL_ID --json                    everything about one call, as JSON

Exit status: 0 done; 1 the request was refused or failed; 2 the command line or the configuration is wrong.
With --wait, \`call\` ends with 0 if the call was answered, else with a status for each outcome: docs/commands.md.
docs/configuration.md describes the environment variables. A file .env in the working directory is read.`,
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
  .description('like `dev`, and places calls with different outcomes')
  .option('--exit', 'end when the calls are over: exit status 0 if all ended as expected, else 1', false)
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
  .description('registers the search attributes in Temporal and migrates the outcome store')
  .addHelpText(
    'after',
    `${example('TEMPORAL_ADDRESS=temporal.internal:7233 DATABASE_URL=postgres://… ringtrue setup')}

For callers over Nexus, create an endpoint once (docs/temporal.md):
  temporal operator nexus endpoint create --name ringtrue --target-namespace default --target-task-queue outbound-calls`,
  )
  .option('--json', 'print JSON, for programs', false)
  .action(async (options) => (await import('./commands/setup.js')).runSetup(options));

overApi(program.command('mcp'), { json: false })
  .description('a Model Context Protocol server on stdin and stdout: tools to place calls and follow them')
  .action(async (options) => (await import('./mcp/runMcp.js')).runMcp(options));
program
  .command('purge')
  .description('removes calls that ended long ago from the outcome store, in small steps')
  .option('--older-than <age>', 'such as 90d or 48h; default: RINGTRUE_RETENTION_DAYS')
  .option('--dry-run', 'remove nothing; count what would be removed', false)
  .option('--json', 'print JSON, for programs', false)
  .addHelpText('after', example('DATABASE_URL=postgres://… ringtrue purge --older-than 90d --dry-run'))
  .action(async (options) => (await import('./commands/privacy/purge.js')).purge(options));

program
  .command('doctor')
  .description('checks the deployment that the environment describes, and says what to do about each fault')
  .option(
    '--country <country...>',
    'countries that you want to call, such as DE; default: RINGTRUE_DESTINATIONS',
  )
  .option('--json', 'print JSON, for programs', false)
  .addHelpText('after', example('ringtrue doctor', 'ringtrue doctor --country DE US --json'))
  .action(async (options) => (await import('./commands/doctor.js')).checkDeployment(options));
program
  .command('notify-secret')
  .description('prints the secret with which receivers verify the signature of notifications')
  .option('--json', 'print JSON, for programs', false)
  .action(async (options) => (await import('./commands/notifySecret.js')).printNotifySecret(options));

program
  .command('completion')
  .description('prints a script that completes commands and options in your shell')
  .addArgument(new Argument('<shell>', 'your shell').choices(['bash', 'zsh', 'fish']))
  .addHelpText(
    'after',
    example(
      'source <(ringtrue completion bash)',
      'ringtrue completion fish > ~/.config/fish/completions/ringtrue.fish',
    ),
  )
  .action(async (shell) => {
    const { completionScript } = await import('./terminal/completionScript.js');
    process.stdout.write(completionScript(program, shell));
  });

const policy = program
  .command('policy')
  .description('checks a file of retry policies, or shows what a policy would do');
policy
  .command('check')
  .description('names every fault of a file of retry policies')
  .argument('[file]', 'the file; default: RINGTRUE_POLICIES')
  .option('--json', 'print JSON, for programs', false)
  .action(async (file, options) => (await import('./commands/policy.js')).checkPolicies(file, options));
policy
  .command('explain')
  .description('a dry run: shows when each attempt would ring, and why none follows')
  .argument('[file]', 'file of retry policies; default: RINGTRUE_POLICIES, else the built-in ones')
  .option(
    '--outcomes <list>',
    'how each attempt turns out, separated by commas; the last one repeats',
    'no-answer',
  )
  .option('--policy <name>', 'only this one')
  .option('--start <time>', 'when the call starts, RFC 3339; default: now')
  .option('--to <number>', 'destination, E.164: its time zone is that of the window')
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
  .option('--from <number>', 'caller id, E.164; default: TWILIO_FROM of the API')
  .option('--account <name>', 'Twilio account, a name from RINGTRUE_ACCOUNTS')
  .option('--say <text>', 'what the callee hears, as speech')
  .option('--twiml <twiml>', 'what the callee hears, as TwiML')
  .option('--url <url>', 'URL that answers with TwiML')
  .option('--application-sid <sid>', 'a TwiML application')
  .option('--ring-timeout <seconds>', 'how long the phone may ring', wholeNumber)
  .option('--max-duration <seconds>', 'how long the call may last', wholeNumber)
  .option('--machine-detection <mode>', 'off, enable or detectMessageEnd')
  .option('--lookup <mode>', 'off, basic, lineType or lineStatus')
  .option('--retry <policy>', 'name of a retry policy, such as standard, or a policy as JSON')
  .option('--window <hours...>', 'local hours of the callee in which the phone may ring: 08:00-21:00')
  .option('--days <days>', 'days of the window, 1 is Monday: 1-5 or 1,3,6-7')
  .option('--time-zone <zone>', 'time zone of the window; default: that of the number')
  .option('--blocked-dates <date...>', 'local dates on which the phone does not ring: 2026-12-25')
  .option('--urgent', 'the phone may ring at any hour of any day')
  .option('--priority <number>', '1 to 5: calls of a lower number are dialed first; default: 3', wholeNumber)
  .option('--fairness-key <key>', 'waiting calls of different keys alternate')
  .option('--allow-parallel', 'may ring while another call to the number is in flight')
  .option('--not-before <time>', 'RFC 3339: no attempt begins earlier')
  .option('--give-up-at <time>', 'RFC 3339: no attempt begins later')
  .option('--notify-url <url>', 'URL to which notifications are posted')
  .option('--notify-on <event...>', 'which notifications: call.ended, attempt.ended; default: both')
  .option(
    '--eligibility-url <url>',
    'URL that is asked before each placement whether the number may be called',
  )
  .option('--metadata <name=value...>', 'your own strings, returned with the outcome')
  .option('--twilio <Name=value...>', "further parameters of Twilio's create, such as SendDigits=ww1234#")
  .option('--key <key>', 'Idempotency-Key: the same key never places a second call')
  .option('--dry-run', 'dial nothing; show what would forbid or delay the call', false)
  .option('--wait', 'wait for the outcome; the call id and the progress are printed on stderr', false)
  .addHelpText(
    'after',
    example(
      'ringtrue call +15005551200 --from +15005550006 --say "Your table is ready" --wait',
      'ringtrue call +15005552486 --twiml "<Response><Hangup/></Response>" --retry standard --key order-4711',
      'ringtrue call +12085551200 --say "Hello" --window 09:00-12:00 13:30-18:00 --days 1-5',
    ),
  )
  .action(async (to, options) => (await import('./commands/calls/calls.js')).placeCall(to, options));
overApi(program.command('get'))
  .description('shows a call: its state, its attempts and its outcome')
  .argument('<id>', 'call id')
  .option('--wait', 'wait for the outcome; the progress is printed on stderr', false)
  .action(async (id, options) => (await import('./commands/calls/calls.js')).showCall(id, options));
overApi(program.command('list'))
  .description('lists calls, newest first, with what they wait for or why they ended; with --all counts them')
  .option(
    '--outcome <outcome>',
    'answered, busy, no-answer, failed, canceled, invalid-number, rejected, expired, unknown',
  )
  .option(
    '--state <state>',
    'looking-up, waiting, placing, queued, ringing, in-progress, waiting-to-retry, recording, done',
  )
  .option('--reachability <word>', 'of the number: reachable, unreachable, invalid, undetermined')
  .option('--answered-by <who>', 'human, machine, fax or unknown, with machine detection')
  .option('--to <number>', 'calls to this number')
  .option('--batch <id>', 'calls that this batch started')
  .option('--metadata <name=value...>', 'calls with these strings in their metadata')
  .option('--since <time>', 'started then or later: RFC 3339, a date, or how long ago such as 24h')
  .option('--until <time>', 'started earlier: as --since')
  .option('--limit <count>', 'how many per page', wholeNumber)
  .option('--cursor <cursor>', 'where the previous page ended')
  .option('--all', 'all pages', false)
  .addHelpText(
    'after',
    example('ringtrue list --since 24h --all', 'ringtrue list --reachability unreachable --all --json'),
  )
  .action(async (options) => (await import('./commands/calls/calls.js')).listCalls(options));
overApi(program.command('watch'))
  .description('shows calls and health in the terminal, again and again; q or Ctrl-C ends it')
  .option('--every <seconds>', 'pause between two looks', wholeNumber, 2)
  .addHelpText('after', example('ringtrue watch', 'ringtrue watch --every 10 | tee watch.log'))
  .action(async (options) => (await import('./commands/calls/watch.js')).watch(options));
overApi(program.command('open'))
  .description('prints the address of the operations page, and opens it in a browser')
  .action(async (options) => (await import('./commands/open.js')).openPage(options));
overApi(program.command('cancel'))
  .description('cancels a call: stops further attempts, and cancels or hangs up a call at Twilio')
  .argument('<id>', 'call id')
  .option('--reason <text>', 'why; kept in the record')
  .action(async (id, options) => (await import('./commands/calls/calls.js')).cancelCall(id, options));
overApi(program.command('retry'))
  .description('starts the next attempt now, for a call that waits to retry')
  .argument('<id>', 'call id')
  .action(async (id, options) => (await import('./commands/calls/calls.js')).retryCall(id, options));
overApi(program.command('pause'))
  .description('pauses a call: no attempt begins until it is resumed; a call at Twilio goes on')
  .argument('<id>', 'call id')
  .option('--reason <text>', 'why; shown while it is paused')
  .action(async (id, options) => (await import('./commands/calls/calls.js')).pauseCall(id, options));
overApi(program.command('resume'))
  .description('resumes a paused call')
  .argument('<id>', 'call id')
  .action(async (id, options) => (await import('./commands/calls/calls.js')).resumeCall(id, options));
overApi(program.command('reschedule'))
  .description('changes the time of the next attempt of a waiting call')
  .argument('<id>', 'call id')
  .requiredOption('--at <time>', 'RFC 3339; a time in the past means now')
  .addHelpText('after', example('ringtrue reschedule CALL_ID --at 2040-01-31T09:00:00+01:00'))
  .action(async (id, options) => (await import('./commands/calls/calls.js')).rescheduleCall(id, options));
overApi(program.command('events'))
  .description('shows the ends of attempts and calls, oldest first')
  .option('--after <cursor>', 'where to go on; default: the oldest event, or with --follow the newest')
  .option('--limit <count>', 'how many per page', wholeNumber)
  .option('--follow', 'go on with new events as they come; with --json one JSON object per line', false)
  .addHelpText('after', example('ringtrue events --follow', 'ringtrue events --follow --after 0 --json'))
  .action(async (options) => (await import('./commands/events.js')).showEvents(options));
overApi(program.command('dead-letters'))
  .description('lists notifications that no receiver accepted, newest first')
  .option('--call <id>', 'those of one call')
  .option('--state <state>', 'dead, or delivered: sent again and accepted')
  .option('--limit <count>', 'how many per page', wholeNumber)
  .option('--cursor <cursor>', 'where the previous page ended')
  .option('--all', 'all pages', false)
  .action(async (options) => (await import('./commands/deadLetters.js')).listDeadLetters(options));
overApi(program.command('resend'))
  .description('sends a dead letter again, with retries for up to a day')
  .argument('[id]', 'id of the dead letter')
  .option('--all', 'all dead letters that were not delivered', false)
  .action(async (id, options) => (await import('./commands/deadLetters.js')).resend(id, options));

const doNotCall = program
  .commandsGroup('Control, over the HTTP API:')
  .command('do-not-call')
  .description('the list of numbers that must not be called');
overApi(doNotCall.command('add'))
  .description('adds a number to the list; never shortens an existing entry')
  .argument('<number>', 'E.164: +15005550006')
  .option('--reason <text>', 'why; kept in the record')
  .option('--expires <time>', 'RFC 3339; default: never')
  .action(async (number, options) => (await import('./commands/doNotCall.js')).add(number, options));
overApi(doNotCall.command('remove'))
  .description('removes a number from the list')
  .argument('<number>', 'E.164')
  .action(async (number, options) => (await import('./commands/doNotCall.js')).remove(number, options));
overApi(doNotCall.command('check'))
  .description('shows whether a number is on the list, or remembered as invalid')
  .argument('<number>', 'E.164')
  .action(async (number, options) => (await import('./commands/doNotCall.js')).check(number, options));
overApi(doNotCall.command('list'))
  .description('shows the list, by number')
  .option('--reason <text>', 'entries with exactly this reason')
  .option('--source <source>', 'api, csv or opt-out')
  .option('--expired <true|false>', 'true: only expired entries; false: only entries in force')
  .option('--limit <count>', 'how many per page', wholeNumber)
  .option('--cursor <cursor>', 'where the previous page ended')
  .option('--all', 'all pages', false)
  .action(async (options) => (await import('./commands/doNotCall.js')).list(options));
overApi(doNotCall.command('import'))
  .description('adds every number of a CSV file to the list, or none if the file has a fault')
  .argument('<file>', 'CSV with a header: to, and optionally reason and expires_at')
  .option('--country <country>', 'the file has national numbers of this country, such as US; needs no header')
  .action(async (file, options) => (await import('./commands/doNotCall.js')).importFile(file, options));
overApi(doNotCall.command('removals'))
  .description('shows who took numbers off the list, newest first')
  .option('--to <number>', 'removals of this number')
  .option('--limit <count>', 'how many per page', wholeNumber)
  .option('--cursor <cursor>', 'where the previous page ended')
  .action(async (options) => (await import('./commands/doNotCall.js')).removals(options));
overApi(doNotCall.command('export'))
  .description('prints the whole list as CSV; with --json one JSON object per line')
  .option('--reason <text>', 'entries with exactly this reason')
  .option('--source <source>', 'api, csv or opt-out')
  .option('--expired <true|false>', 'true: only expired entries; false: only entries in force')
  .addHelpText('after', example('ringtrue do-not-call export > do-not-call.csv'))
  .action(async (options) => (await import('./commands/doNotCall.js')).exportList(options));
overApi(doNotCall.command('purge'))
  .description('deletes expired entries')
  .action(async (options) => (await import('./commands/doNotCall.js')).purge(options));

const invalidNumbers = program
  .command('invalid-numbers')
  .description('numbers that do not exist according to Twilio');
overApi(invalidNumbers.command('list', { isDefault: true }))
  .description('lists them, with what Twilio said')
  .option('--limit <count>', 'how many per page', wholeNumber)
  .option('--cursor <cursor>', 'where the previous page ended')
  .option('--all', 'all pages', false)
  .action(async (options) => (await import('./commands/invalidNumbers.js')).list(options));
overApi(invalidNumbers.command('forget'))
  .description('forgets a number, so that it can be dialed again')
  .argument('<number>', 'E.164')
  .action(async (number, options) => (await import('./commands/invalidNumbers.js')).forget(number, options));

overApi(program.command('erase'))
  .description('erases everything about a number, from the outcome store and from Temporal')
  .argument('<number>', 'E.164')
  .option('--wait', 'wait until nothing of it is left, about a minute', false)
  .action(async (number, options) => (await import('./commands/privacy/erase.js')).erase(number, options));

const dialing = program
  .command('dialing')
  .description('limits, pause and circuit breaker of the Twilio accounts');
const accountOption = [
  '--account <name>',
  'a name from RINGTRUE_ACCOUNTS; default: the main account',
] as const;
overApi(dialing.command('show', { isDefault: true }))
  .description('shows limits, pause and circuit breaker')
  .option(...accountOption)
  .action(async (options) => (await import('./commands/dialing.js')).show(options));
overApi(dialing.command('pause'))
  .description('stops dialing; calls in flight go on, all others wait')
  .option(...accountOption)
  .option('--reason <text>', 'why; kept in the record')
  .action(async (options) => (await import('./commands/dialing.js')).pause(options));
overApi(dialing.command('resume'))
  .description('resumes dialing, and closes the circuit breaker')
  .option(...accountOption)
  .action(async (options) => (await import('./commands/dialing.js')).resume(options));
overApi(dialing.command('limits'))
  .description('sets limits for all workers at once; `default`: as the workers are configured')
  .option(...accountOption)
  .option('--cps <rate>', 'calls placed per second')
  .option('--in-flight <count>', 'calls in flight at a time')
  .option('--per-number <count>', 'calls in flight to one number at a time')
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
  .description('many calls from one file');
overApi(batch.command('start'))
  .description('places the calls of a file; checks every row first')
  .argument('<file>', 'FILE.csv, with the column names in the first line, or FILE.json')
  .option('--defaults <json>', 'fields of every call, unless its row has them')
  .option('--name <name>', 'name of the batch')
  .option('--window <count>', 'how many calls may run at a time; default: 100', wholeNumber)
  .option('--delimiter <delimiter>', 'separator of a CSV file: , ; | or tab')
  .option('--unique', 'refuse a file that has a number twice', false)
  .option('--skip-faulty-rows', 'leave out rows with faults, and name them', false)
  .option('--paused', 'dial nothing before `ringtrue batch resume`', false)
  .option(
    '--dry-run',
    'start nothing; name faulty rows, and count what would forbid or delay the calls',
    false,
  )
  .option('--key <key>', 'Idempotency-Key: the same key never starts a second batch')
  .option('--wait', 'wait until every call is over; the progress is printed on stderr', false)
  .addHelpText(
    'after',
    example(
      `ringtrue batch start numbers.csv --defaults '{"twiml":"<Response><Say>Hello</Say></Response>"}' --window 20`,
      'ringtrue batch start calls.json --name "Appointments" --key appointments-monday --wait',
    ),
  )
  .action(async (file, options) => (await import('./commands/batches.js')).startBatch(file, options));
overApi(batch.command('show'))
  .description('shows the progress of a batch')
  .argument('<id>', 'batch id')
  .option('--wait', 'wait until every call is over; the progress is printed on stderr', false)
  .action(async (id, options) => (await import('./commands/batches.js')).showBatch(id, options));
overApi(batch.command('list'))
  .description('lists batches, newest first')
  .option('--limit <count>', 'how many per page', wholeNumber)
  .option('--cursor <cursor>', 'where the previous page ended')
  .option('--all', 'all pages', false)
  .action(async (options) => (await import('./commands/batches.js')).listBatches(options));
overApi(batch.command('results'))
  .description('prints the result of each row as CSV; with --json one JSON object per line')
  .argument('<id>', 'batch id')
  .addHelpText('after', example('ringtrue batch results BATCH_ID > results.csv'))
  .action(async (id, options) => (await import('./commands/batches.js')).printResults(id, options));
overApi(batch.command('pause'))
  .description('starts no more calls; running calls go on')
  .argument('<id>', 'batch id')
  .action(async (id, options) => (await import('./commands/batches.js')).controlBatch(id, 'pause', options));
overApi(batch.command('resume'))
  .description('resumes a paused batch')
  .argument('<id>', 'batch id')
  .action(async (id, options) => (await import('./commands/batches.js')).controlBatch(id, 'resume', options));
overApi(batch.command('cancel'))
  .description('starts no more calls, and cancels running ones')
  .argument('<id>', 'batch id')
  .option('--reason <text>', 'why; kept in the record')
  .action(async (id, options) => (await import('./commands/batches.js')).controlBatch(id, 'cancel', options));
overApi(program.command('redial'))
  .description('starts a batch from recorded calls that match; only the newest call to each number counts')
  .option('--batch <id>', 'calls of this batch')
  .option('--outcome <outcomes>', 'calls with one of these outcomes: busy,no-answer')
  .option('--reachability <words>', 'reachable, unreachable, invalid, undetermined')
  .option('--to <number>', 'calls to this number')
  .option('--since <time>', 'started then or later: RFC 3339, a date, or how long ago such as 24h')
  .option('--until <time>', 'started earlier: as --since')
  .option('--overrides <json>', 'fields of every new call, instead of those of the first request')
  .option('--name <name>', 'name of the batch')
  .option('--window <count>', 'how many calls may run at a time; default: 100', wholeNumber)
  .option('--skip-faulty-rows', 'leave out calls whose request has faults now, and name them', false)
  .option('--dry-run', 'only show which calls would be placed', false)
  .option('--key <key>', 'Idempotency-Key: the same key never starts a second batch')
  .option('--wait', 'wait until every call is over; the progress is printed on stderr', false)
  .addHelpText('after', example('ringtrue redial --batch BATCH_ID --outcome busy,no-answer --dry-run'))
  .action(async (options) => (await import('./commands/batches.js')).redial(options));

/** Adds the options of every command that calls the API. */
function overApi(command: Command, { json = true } = {}): Command {
  if (json) command.option('--json', 'print JSON, for programs', false);
  return command
    .addOption(
      new Option('--api <url>', 'URL of the API; default: http://localhost:$PORT').env('RINGTRUE_API_URL'),
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
// Temporal's native threads would keep a process alive whose start failed.
process.exit();
