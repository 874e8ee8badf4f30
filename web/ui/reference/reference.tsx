import { useEffect, useState } from 'preact/hooks';
import { ErrorNote } from '../kit/error-note.js';
import { t } from '../messages/language.js';
import { api, type Reference } from '../state/api.js';
import { Marked } from './marked.js';
import { OperationPart } from './operation.js';

/** Every request that the API takes, by what it is about: for people who write programs. */
export function ReferencePage() {
  const [reference, setReference] = useState<Reference | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const load = () => {
    setProblem(null);
    api.reference().then(setReference, setProblem);
  };
  useEffect(load, []);
  const groups = reference && groupsOf(reference);
  return (
    <div class="sheet reference">
      <header class="sheet-head">
        <h1>{t.reference.title}</h1>
        {reference && (
          <p class="reference-intro" translate={false}>
            <Marked text={reference.info.description} />
          </p>
        )}
        <p class="reference-links">
          <a href="/api/v1/openapi.json" download="tapedeck-openapi.json">
            {t.reference.file}
          </a>
          <a href="/account">{t.reference.tokens}</a>
        </p>
      </header>
      {problem !== null && <ErrorNote problem={problem} retry={load} />}
      {!reference && problem === null && <p class="quiet">{t.common.loading}</p>}
      {groups && (
        <nav aria-label={t.reference.contents} class="reference-links">
          {[...groups.keys()].map((tag) => (
            <a key={tag} href={`#${idOf(tag)}`}>
              {t.reference.groups[tag] ?? tag}
            </a>
          ))}
        </nav>
      )}
      {groups &&
        [...groups].map(([tag, operations]) => (
          <section key={tag} aria-labelledby={idOf(tag)}>
            <h2 id={idOf(tag)} tabIndex={-1}>
              {t.reference.groups[tag] ?? tag}
            </h2>
            {operations.map((one) => (
              <OperationPart key={`${one.method} ${one.path}`} {...one} />
            ))}
          </section>
        ))}
    </div>
  );
}

const idOf = (tag: string): string => `api-${tag.replaceAll(' ', '-')}`;

function groupsOf({ paths }: Reference) {
  const groups = new Map<string, Parameters<typeof OperationPart>[0][]>(
    Object.keys(t.reference.groups).map((tag) => [tag, []]),
  );
  for (const [path, methods] of Object.entries(paths))
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags[0] ?? '';
      groups.set(tag, [...(groups.get(tag) ?? []), { method, path, operation }]);
    }
  return groups;
}
