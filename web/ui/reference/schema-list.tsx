import { t } from '../messages/language.js';
import { Marked } from './marked.js';
import { type Property, propertiesOf, typeOf } from './schema-type.js';

/** Names, types and meanings, with what lies within them. */
export function SchemaList({ of }: { of: Property[] }) {
  return (
    <ul class="schema">
      {of.map(({ name, schema, optional }) => {
        const within = propertiesOf(schema);
        return (
          <li key={name}>
            <code class="schema-name" translate={false}>
              {name}
            </code>{' '}
            <span class="quiet">{typeOf(schema)}</span>
            {optional && <span class="quiet"> {t.reference.optional}</span>}
            {schema.description && (
              <p translate={false}>
                <Marked text={schema.description} />
              </p>
            )}
            {within.length > 0 && <SchemaList of={within} />}
          </li>
        );
      })}
    </ul>
  );
}
