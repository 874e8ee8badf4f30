import { t } from '../messages/language.js';

/** What is used of JSON Schema in the description of the API. */
export type Schema = {
  type?: string | string[];
  description?: string;
  format?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  allOf?: Schema[];
  items?: Schema;
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  patternProperties?: Record<string, Schema>;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  default?: unknown;
};

/** A schema's type in a few words: `"in" or "out"`, `list of object`, `integer, 1 to 200, default 50`. */
export function typeOf(schema: Schema): string {
  const { minimum, maximum, maxLength } = schema;
  return t.reference.type({
    parts: [
      oneOf([...new Set(kindsOf(schema))]),
      ...(minimum === undefined && maximum === undefined
        ? []
        : [t.reference.range({ least: minimum, most: maximum })]),
      ...(maxLength === undefined ? [] : [t.reference.longest({ n: maxLength })]),
      ...(schema.default === undefined ? [] : [t.reference.otherwise({ value: schema.default })]),
    ],
  });
}

const oneOf = (kinds: string[]): string => t.reference.oneOf({ kinds });

function kindsOf(schema: Schema): string[] {
  if (schema.anyOf) return schema.anyOf.flatMap(kindsOf);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value));
  if (schema.const !== undefined) return [JSON.stringify(schema.const)];
  if (schema.type === 'array')
    return [t.reference.list({ of: oneOf(schema.items ? kindsOf(schema.items) : [t.reference.types.any!]) })];
  const values = valuesOf(schema);
  if (values) return [t.reference.map({ of: oneOf(kindsOf(values)) })];
  if (schema.format !== undefined && t.reference.types[schema.format])
    return [t.reference.types[schema.format]!];
  return [schema.type ?? 'any'].flat().map((type) => t.reference.types[type] ?? type);
}

/** Of an object whose names are free: what each value is. */
function valuesOf({ properties, additionalProperties, patternProperties }: Schema): Schema | undefined {
  if (properties && Object.keys(properties).length > 0) return undefined;
  if (patternProperties) return Object.values(patternProperties)[0];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

export type Property = { name: string; schema: Schema; optional: boolean };

/** The properties of an object, of each object in a list, or of any alternative; none if it has no objects. */
export function propertiesOf(schema: Schema): Property[] {
  const parts = [...(schema.anyOf ?? []), ...(schema.allOf ?? [])];
  if (parts.length > 0) {
    const found = new Map<string, Property>();
    for (const one of parts.flatMap(propertiesOf)) if (!found.has(one.name)) found.set(one.name, one);
    return [...found.values()];
  }
  if (schema.items) return propertiesOf(schema.items);
  const values = valuesOf(schema);
  if (values) return propertiesOf(values);
  return Object.entries(schema.properties ?? {}).map(([name, inner]) => ({
    name,
    schema: inner,
    optional: !schema.required?.includes(name),
  }));
}
