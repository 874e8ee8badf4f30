import { writePbx } from '../../../daemon/domain/place.js';
import { Field, FieldFrame, PbxSelect } from '../kit/field.js';
import { Select } from '../kit/select.js';
import { t } from '../messages/language.js';
import { dayOf } from '../messages/when.js';
import type { HoldQuery, NewMatter } from '../state/api-holds.js';
import { pbxes } from '../state/pbxes.js';

type Asked = NonNullable<NewMatter['query']>;
type Direction = '' | NonNullable<Asked['direction']>;
const texts = ['text', 'numbers', 'extensions', 'queues', 'dids', 'from', 'to', 'pbx'] as const;
export type QueryForm = Record<(typeof texts)[number], string> & { direction: Direction };

const listed = (text: string) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

/** The form of the search that the list of calls was narrowed to. */
export const formOfSearch = (given: URLSearchParams): QueryForm => ({
  ...{ text: given.get('q') ?? '', from: given.get('from') ?? '', to: given.get('to') ?? '' },
  ...{ numbers: '', extensions: '', queues: '', dids: '', pbx: given.get('pbx') ?? '' },
  direction: (given.get('direction') ?? '') as Direction,
});

/** The form of a query; days that it begins or ends in are in it as a whole. */
export function formOf(query: HoldQuery | null): QueryForm {
  if (!query) return formOfSearch(new URLSearchParams());
  const day = (ms: number | null) => (ms === null ? '' : dayOf(ms));
  const list = (names: string[]) => names.join(', ');
  return {
    ...{ text: query.text, numbers: list(query.numbers), extensions: list(query.extensions) },
    ...{ queues: list(query.queues), dids: list(query.dids), direction: query.direction ?? '' },
    ...{ from: day(query.from), to: day(query.to === null ? null : query.to - 1) },
    pbx: query.pbx === null ? '' : writePbx(query.pbx),
  };
}

/** What a form asks for; null where it has no condition. */
export function askedBy(form: QueryForm): Asked | null {
  const { text, numbers, extensions, queues, dids, from, to, direction, pbx } = form;
  const query: Asked = {
    ...(text.trim() && { text: text.trim() }),
    ...(listed(numbers).length > 0 && { numbers: listed(numbers) }),
    ...(listed(extensions).length > 0 && { extensions: listed(extensions) }),
    ...(listed(queues).length > 0 && { queues: listed(queues) }),
    ...(listed(dids).length > 0 && { dids: listed(dids) }),
    ...(from && { from }),
    ...(to && { to }),
    ...(direction && { direction }),
    ...(pbx && { pbx }),
  };
  return Object.keys(query).length > 0 ? query : null;
}

type Props = { form: QueryForm; change: (form: QueryForm) => void };

/** Which calls a matter asks for. */
export function QueryFields({ form, change }: Props) {
  const c = t.holds.create;
  const at = (part: (typeof texts)[number]) => ({
    ...{ id: `matter-${part}`, label: c[part], value: form[part] },
    onInput: (value: string) => change({ ...form, [part]: value }),
  });
  return (
    <fieldset>
      <legend class="field-legend">{c.which}</legend>
      <p class="quiet">{c.whichHelp}</p>
      <Field {...at('text')} help={c.textHelp} maxLength={200} />
      <Field {...at('numbers')} help={c.several} />
      <Field {...at('extensions')} help={c.several} />
      <Field {...at('queues')} help={c.several} />
      <Field {...at('dids')} help={c.several} />
      <div class="holds-days">
        <Field {...at('from')} type="date" narrow />
        <Field {...at('to')} help={c.toHelp} type="date" narrow />
      </div>
      <Select<Direction>
        {...{ id: 'matter-direction', label: c.direction, value: form.direction }}
        choose={(direction) => change({ ...form, direction })}
        choices={[['', c.any], ...Object.entries(t.holds.query.directions)] as [Direction, string][]}
        narrow
      />
      {(pbxes().length > 1 || form.pbx !== '') && (
        <FieldFrame id="matter-pbx" label={c.pbx} narrow>
          {() => <PbxSelect id="matter-pbx" value={form.pbx} choose={(pbx) => change({ ...form, pbx })} />}
        </FieldFrame>
      )}
    </fieldset>
  );
}
