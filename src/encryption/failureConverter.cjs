// Temporal loads this file by its path: with `require` into the process, and bundled into the workflows.
const { DefaultFailureConverter } = require('@temporalio/common');

/** Moves message and stack trace of a failure into a payload, which is then encrypted like all others. */
exports.failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
