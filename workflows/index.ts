/** What Temporal bundles: the workflow types of ringtrue. */

export { callBatch } from './batch/callBatch.js';
export { bulkOperation } from './bulk/bulkOperation.js';
export { notification, resentNotification } from './notify/notification.js';
export { outboundCall } from './outboundCall.js';
