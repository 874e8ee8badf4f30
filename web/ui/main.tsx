import { render } from 'preact';
import { askAhead } from './calls/list/ahead.js';
import { loadLanguage, NOT_LOADED } from './messages/language.js';
import { App } from './shell/app.js';
import { listenForKeys } from './shell/keys.js';
import { preloadPage } from './shell/pages.js';
import { startClocks } from './state/live.js';
import { followPerson, loadSession } from './state/session.js';
import { startTheme } from './state/theme.js';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/badge.css';
import './styles/table.css';
import './shell/shell.css';
import './shell/header.css';
import './shell/navigation.css';
import './shell/user-menu.css';
import './calls/filters.css';
import './calls/calls.css';
import './calls/call.css';
import './calls/story.css';
import './calls/told/told.css';
import './player/player.css';
import './player/lanes.css';
import './player/stretch-picker.css';
import './policy/policy.css';
import './policy/rules.css';
import './lists/lists.css';
import './consents/consents.css';
import './approvals/approvals.css';
import './holds/holds.css';
import './requests/requests.css';
import './retention/retention.css';
import './coverage/coverage.css';
import './consent/consent.css';
import './health/health.css';
import './quality/quality.css';
import './telling/telling.css';
import './people/people.css';
import './account/factors.css';
import './audit/audit.css';
import './certificates/certificates.css';
import './reports/reports.css';
import './people/rights.css';
import './reference/reference.css';
import './styles/print.css';

// Asked first, so that the answer is on its way while the rest is done: the first read of what is remembered takes long.
askAhead();
loadSession();
const messages = loadLanguage();
startTheme();
startClocks();
listenForKeys();
followPerson();
messages.then(
  () => preloadPage(location.pathname),
  () => {},
);
const app = document.getElementById('app')!;
messages.then(
  () => {
    app.replaceChildren();
    render(<App />, app);
  },
  () => app.replaceChildren(NOT_LOADED),
);
