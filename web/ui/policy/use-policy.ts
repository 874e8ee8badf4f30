import { computed, signal } from '@preact/signals';
import { useEffect, useLayoutEffect } from 'preact/hooks';
import { proven } from '../sign-in/proof-dialog.js';
import { ApiError, api, type Policy, type VersionedPolicy } from '../state/api.js';
import { type ApplyTo, applyBody } from '../state/api-rules.js';
import { changes } from '../state/live.js';
import { forgetTyped, unfinished } from './typed.js';

/** The version that is being edited and what has become of it; kept while other pages are open. */
const loaded = signal<VersionedPolicy | null>(null);
const draft = signal<Policy | null>(null);
/** A newer version that somebody else has saved since. */
const theirs = signal<VersionedPolicy | null>(null);
const problem = signal<unknown>(null);
const savedVersion = signal<number | null>(null);
const saving = signal(false);
/** What was saved last is applied to existing recordings too. */
const appliedToAll = signal(false);
/** How often a page of the policy was left. What was saved is said only on the page that saved it. */
let left = 0;

const dirty = computed(
  () =>
    loaded.value !== null &&
    draft.value !== null &&
    (unfinished.value.length > 0 || JSON.stringify(draft.value) !== JSON.stringify(loaded.value.policy)),
);

function take(version: VersionedPolicy): void {
  loaded.value = version;
  draft.value = version.policy;
  theirs.value = null;
  problem.value = null;
  forgetTyped();
}

async function load(): Promise<void> {
  try {
    const newest = await api.policy();
    // It was asked for before the version was saved that is here.
    if (loaded.value && newest.version < loaded.value.version) return;
    if (!dirty.value) take(newest);
    else if (newest.version !== loaded.value?.version) theirs.value = newest;
  } catch (cause) {
    problem.value = cause;
  }
}

async function save(
  basedOn: number,
  noEmergencyNumbers = false,
  apply: ApplyTo = { to: 'new' },
): Promise<void> {
  if (!draft.value) return;
  saving.value = true;
  problem.value = null;
  savedVersion.value = null;
  const on = left;
  try {
    const given = draft.value;
    take(await proven(() => api.savePolicy(basedOn, given, noEmergencyNumbers, applyBody(apply))));
    if (on === left) savedVersion.value = loaded.value?.version ?? null;
    appliedToAll.value = apply.to === 'all';
  } catch (cause) {
    if (cause instanceof ApiError && cause.code === 'policy_conflict')
      theirs.value = await api.policy().catch(() => null);
    if (!theirs.value) problem.value = cause;
  }
  saving.value = false;
}

function change(part: Partial<Policy>): void {
  if (!draft.value) return;
  savedVersion.value = null;
  const next = { ...draft.value, ...part };
  // What a policy may be without is left out when it is empty, as it was before anybody wrote it.
  for (const list of ['keep', 'limits', 'groups', 'holidays'] as const)
    if (next[list]?.length === 0 && loaded.value?.policy[list] === undefined) delete next[list];
  if (next.telling === undefined) {
    delete next.telling;
    forgetTyped('telling');
  }
  if (next.mask === undefined) delete next.mask;
  if (next.approvals === undefined) delete next.approvals;
  draft.value = next;
}

export function usePolicy() {
  const changed = changes.value;
  useEffect(() => {
    load();
  }, [changed]);
  useLayoutEffect(
    () => () => {
      left += 1;
      savedVersion.value = null;
    },
    [],
  );
  const unsaved = dirty.value;
  useEffect(() => {
    if (!unsaved) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [unsaved]);
  return {
    loaded,
    draft,
    theirs,
    problem,
    savedVersion,
    appliedToAll,
    saving,
    dirty,
    load,
    save,
    change,
    take,
  };
}

export type PolicyDraft = ReturnType<typeof usePolicy>;

/** Names of the groups that the rules being edited may name. */
export const groupNames = (): string[] => (draft.value?.groups ?? []).map(({ name }) => name);
