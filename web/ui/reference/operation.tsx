import { useState } from 'preact/hooks';
import { t } from '../messages/language.js';
import type { Operation } from '../state/api.js';
import { Marked } from './marked.js';
import { SchemaList } from './schema-list.js';
import { propertiesOf, type Schema, typeOf } from './schema-type.js';

type Props = { method: string; path: string; operation: Operation };

/** One request: what it does in a line, and the rest when it is opened. */
export function OperationPart({ method, path, operation }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <details class="operation" onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>
        <code class="operation-method" translate={false}>
          {method.toUpperCase()}
        </code>
        <code class="operation-path" translate={false}>
          {path}
        </code>
        <span class="operation-summary" translate={false}>
          {operation.summary}
        </span>
      </summary>
      {open && <Opened operation={operation} />}
    </details>
  );
}

function Opened({
  operation: { description, security, parameters = [], requestBody, responses },
}: {
  operation: Operation;
}) {
  const body = requestBody?.content?.['application/json']?.schema;
  return (
    <div class="operation-body">
      {description && (
        <p translate={false}>
          <Marked text={description} />
        </p>
      )}
      <p class="quiet">{t.reference.access[accessOf(security)]}</p>
      {parameters.length > 0 && (
        <Part title={t.reference.parameters}>
          <SchemaList
            of={parameters.map(({ name, schema, description, required }) => ({
              name,
              schema: { ...schema, description },
              optional: !required,
            }))}
          />
        </Part>
      )}
      {body && (
        <Part title={t.reference.body}>
          <Shape schema={body} />
        </Part>
      )}
      {Object.entries(responses).map(([status, response]) => (
        <Part key={status} title={t.reference.answers({ status })}>
          {response.content ? (
            Object.entries(response.content).map(([type, { schema }]) => (
              <div key={type}>
                {type !== 'application/json' && (
                  <p class="quiet" translate={false}>
                    {type}
                  </p>
                )}
                {schema && <Shape schema={schema} />}
              </div>
            ))
          ) : (
            <p class="quiet">{t.reference.nothing}</p>
          )}
        </Part>
      ))}
    </div>
  );
}

function Shape({ schema }: { schema: Schema }) {
  const properties = propertiesOf(schema);
  return (
    <>
      {(properties.length === 0 || schema.type !== 'object') && <p class="quiet">{typeOf(schema)}</p>}
      {properties.length > 0 && <SchemaList of={properties} />}
    </>
  );
}

function Part({ title, children }: { title: string; children: preact.ComponentChildren }) {
  return (
    <section>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function accessOf(security: Operation['security']): keyof typeof t.reference.access {
  if (security?.length === 0) return 'public';
  return security?.some((way) => 'token' in way) ? 'token' : 'session';
}
