import { writePerformanceDocs } from './performanceDocs.js';

// `npm run bench:docs`: writes tables and chart of docs/performance.md from the baseline and the costs.
writePerformanceDocs();
