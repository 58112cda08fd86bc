/** `ringtrue/activities`: what a worker of your own needs beside `ringtrue/workflows`. */
export type { ActivityEvent } from '../../activities/createActivities.js';
export { activitiesByQueue, createActivities } from '../../activities/createActivities.js';
export type { ActivitySettings } from '../../activities/deps/activitySettings.js';
export type { CallStarter } from '../../activities/deps/callStarter.js';
export { openStore } from '../../activities/store/openStore.js';
export type { OutcomeStore } from '../../activities/store/outcomeStore.js';
export { callStarter } from '../temporal/callStarter.js';
export { createWorkers, type Workers, type WorkersParts } from '../worker/createWorkers.js';
