import type { Report, ReportName } from '../domain/report/report.js';
import { accessReport } from './access.js';
import { agentsReport } from './agents.js';
import { consentReport } from './consent.js';
import { coverageReport } from './coverage.js';
import { disposalReport } from './disposal.js';
import { holdsReport } from './holds.js';
import type { Making } from './making.js';
import { policyReport } from './policy.js';
import { processingReport } from './processing.js';
import { retentionReport } from './retention.js';
import { storageReport } from './storage.js';
import { usersReport } from './users.js';
import { volumeReport } from './volume.js';

/** Every report, by its name. */
export const reports: Record<ReportName, (making: Making) => Report> = {
  retention: retentionReport,
  disposal: disposalReport,
  holds: holdsReport,
  consent: consentReport,
  coverage: coverageReport,
  access: accessReport,
  policy: policyReport,
  users: usersReport,
  agents: agentsReport,
  volume: volumeReport,
  storage: storageReport,
  processing: processingReport,
};
