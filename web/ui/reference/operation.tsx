import { useState } from 'preact/hooks';
import { t } from '../messages/en/messages.js';
import type { Operation } from '../state/api.js';
import { Marked } from './marked.js';
import { SchemaList } from './schema-list.js';
import { propertiesOf, type Schema, typeOf } from './schema-type.js';

const words = t.reference;
type Props = { method: string; path: string; operation: Operation };

/** One request: what it does in a line, and the rest when it is opened. */
export function OperationPart({ method, path, operation }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <details class="operation" onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>
        <code class="operation-method">{method.toUpperCase()}</code>
        <code class="operation-path">{path}</code>
        <span class="operation-summary">{operation.summary}</span>
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
        <p>
          <Marked text={description} />
        </p>
      )}
      <p class="quiet">{words.access[accessOf(security)]}</p>
      {parameters.length > 0 && (
        <Part title={words.parameters}>
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
        <Part title={words.body}>
          <Shape schema={body} />
        </Part>
      )}
      {Object.entries(responses).map(([status, response]) => (
        <Part key={status} title={words.answers(status)}>
          {response.content ? (
            Object.entries(response.content).map(([type, { schema }]) => (
              <div key={type}>
                {type !== 'application/json' && <p class="quiet">{type}</p>}
                {schema && <Shape schema={schema} />}
              </div>
            ))
          ) : (
            <p class="quiet">{words.nothing}</p>
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

function accessOf(security: Operation['security']): keyof typeof words.access {
  if (security?.length === 0) return 'public';
  return security?.some((way) => 'token' in way) ? 'token' : 'session';
}
