import { Type } from 'typebox';
import { qualityFlags } from '../../daemon/domain/recording/quality.js';
import { days, Nullable } from '../server/schemas.js';

/** The shapes of how recordings sound. */
export const Side = Type.Union([Type.Literal('them'), Type.Literal('us'), Type.Literal('both')]);

const Flag = Type.Enum([...qualityFlags]);
const Share = Type.Number({ minimum: 0, maximum: 1 });

const SideQualityView = Type.Object({
  speech_db: Type.Number({ description: 'dBFS while something is said (ITU-T P.56); -120 when nothing is.' }),
  noise_db: Type.Number({ description: 'dBFS in the pauses; digital silence is -120.' }),
  peak_db: Type.Number(),
  silent_share: Share,
  zero_share: Share,
  clipped_share: Share,
  lost_share: Share,
});

export const QualityView = Type.Object({
  them: SideQualityView,
  us: SideQualityView,
  echo: Nullable(
    Type.Object({
      side: Type.Union([Type.Literal('them'), Type.Literal('us')], { description: 'In which it is heard.' }),
      db: Type.Number({ description: 'How far below its source.' }),
      delay_ms: Type.Integer(),
    }),
  ),
  flags: Type.Array(Type.Object({ side: Side, flag: Flag })),
});

const EarTrendView = Type.Object({
  name: Type.String(),
  of: Type.String({ description: 'Pass as `of` to list its calls.' }),
  calls: Type.Integer({ description: 'Recordings in which it is heard.' }),
  flagged: Type.Integer({ description: 'Of these: with any fault on its side.' }),
  flags: Type.Object(Object.fromEntries(qualityFlags.map((flag) => [flag, Type.Integer()]))),
});

/** So many phones, and so many lines, are listed where no other number is asked for. */
export const LISTED = 200;

export const QualityQuery = Type.Object({
  ...days,
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100_000, default: LISTED, description: 'Of each kind, the worst.' }),
  ),
});

export const QualityTrendsView = Type.Object({
  worst: Type.Union([EarTrendView, Type.Null()], {
    description: 'The worst of all; null when nothing is wrong with any.',
  }),
  with_faults: Type.Integer({ description: 'Phones and lines with any fault.' }),
  extensions: Type.Array(EarTrendView, { description: 'Worst first.' }),
  extensions_total: Type.Integer(),
  lines: Type.Array(EarTrendView, {
    description: 'Lines to the outside by their names in the PBX; worst first.',
  }),
  lines_total: Type.Integer(),
});
