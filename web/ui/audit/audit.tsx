import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { dayIn } from '../calls/filters.js';
import { announce } from '../kit/announcer.js';
import { ErrorNote } from '../kit/error-note.js';
import { t } from '../messages/language.js';
import { type AuditEntry, type AuditQuery, type AuditState, api, auditCsv } from '../state/api.js';
import { changes } from '../state/live.js';
import { type AuditFilter, AuditFilters } from './audit-filters.js';
import { AuditList } from './audit-list.js';
import { AuditStateNote } from './audit-state.js';

const PAGE = 50;
const MOST = 200;
/** Looks of others are no change that pages are told of, so this one asks by itself, in ms. */
const AGAIN_MS = 15_000;

const filterIn = (query: Record<string, string>): AuditFilter => ({
  person: (query.person ?? '').slice(0, 80),
  action: Object.hasOwn(t.audit.groups, query.action ?? '') ? query.action! : '',
  outcome: Object.hasOwn(t.audit.outcomes, query.outcome ?? '') ? query.outcome! : '',
  call: /^[0-9A-Z]{26}$/.test(query.call ?? '') ? query.call! : '',
  from: dayIn(query.from),
  to: dayIn(query.to),
});
const given = (filter: AuditFilter) => Object.fromEntries(Object.entries(filter).filter(([, v]) => v !== ''));
const addressOf = (filter: AuditFilter): string => {
  const params = new URLSearchParams(given(filter)).toString();
  return `/audit${params ? `?${params}` : ''}`;
};

/** Who did what, in words, and how the log of it is kept. */
export function AuditPage() {
  const { query, route } = useLocation();
  const filter = filterIn(query);
  const key = addressOf(filter);
  const found = useEntries(given(filter), key);
  const state = useSignal<AuditState | null>(null);
  const changed = changes.value;
  useEffect(() => {
    api.auditState().then(
      (s) => {
        state.value = s;
      },
      () => {},
    );
  }, [changed, key]);

  const change = (part: Partial<AuditFilter>) => route(addressOf({ ...filter, ...part }), true);
  const list = found.entries.value;
  return (
    <div class="sheet audit">
      <header class="sheet-head">
        <h1>{t.audit.title}</h1>
        {state.value && <AuditStateNote state={state.value} />}
      </header>
      <section aria-label={t.audit.title}>
        <AuditFilters
          filter={filter}
          people={state.value?.people ?? []}
          change={change}
          csv={auditCsv(given(filter))}
        />
        {found.problem.value !== null && <ErrorNote problem={found.problem.value} retry={found.load} />}
        {!list && found.problem.value === null && <p class="quiet">{t.common.loading}</p>}
        {list?.length === 0 && <p class="quiet">{key === '/audit' ? t.audit.noneYet : t.audit.none}</p>}
        {list && list.length > 0 && <AuditList entries={list} />}
        {found.next.value !== null && (
          <p>
            <button type="button" class="button" disabled={found.busy.value} onClick={found.older}>
              {t.audit.older}
            </button>
          </p>
        )}
      </section>
    </div>
  );
}

/** The loaded part of the log: follows the filter at once, and what is new quietly. */
function useEntries(filter: AuditQuery, key: string) {
  const entries = useSignal<AuditEntry[] | null>(null);
  const next = useSignal<number | null>(null);
  const problem = useSignal<unknown>(null);
  const busy = useSignal(false);
  const current = useRef('');

  const load = async () => {
    const fresh = current.current !== key;
    current.current = key;
    if (fresh) entries.value = null;
    const known = entries.value ?? [];
    try {
      const limit = Math.min(MOST, Math.max(PAGE, known.length));
      const page = await api.audit({ ...filter, limit }, !fresh);
      if (current.current !== key) return;
      const last = page.entries.at(-1);
      const older = page.next !== null && last ? known.filter((e) => e.seq < last.seq) : [];
      entries.value = [...page.entries, ...older];
      if (older.length === 0) next.value = page.next;
      problem.value = null;
      if (fresh) announce(t.audit.found({ n: page.entries.length }));
    } catch (cause) {
      if (current.current === key) problem.value = cause;
    }
  };
  const older = async () => {
    const before = next.value;
    if (before === null || busy.value) return;
    busy.value = true;
    try {
      const page = await api.audit({ ...filter, before, limit: PAGE }, false);
      if (current.current === key) {
        entries.value = [...(entries.value ?? []), ...page.entries];
        next.value = page.next;
      }
    } catch (cause) {
      problem.value = cause;
    }
    busy.value = false;
  };

  const changed = changes.value;
  useEffect(() => {
    void load();
  }, [key, changed]);
  useEffect(() => {
    const timer = setInterval(() => void load(), AGAIN_MS);
    return () => clearInterval(timer);
  }, [key]);
  return { entries, next, problem, busy, load, older };
}
