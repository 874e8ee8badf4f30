import { type Static, Type } from 'typebox';

const Line = Type.String({ maxLength: 200 });
const Lines = Type.String({ maxLength: 1_000 });

/** What the record of processing has to say and this machine cannot know. An empty text is not known yet. */
export const Organisation = Type.Object(
  {
    controller: Line,
    controller_contact: Lines,
    joint_controllers: Lines,
    representative: Lines,
    dpo: Line,
    dpo_contact: Lines,
    recipients: Lines,
    transfers: Lines,
    measures: Lines,
  },
  { additionalProperties: false },
);
export type Organisation = Static<typeof Organisation>;
export type OrganisationPart = keyof Organisation;

export const NO_ORGANISATION: Organisation = {
  ...{ controller: '', controller_contact: '', joint_controllers: '', representative: '', dpo: '' },
  ...{ dpo_contact: '', recipients: '', transfers: '', measures: '' },
};

/** Those without which the record is not complete. The others may be nothing: then somebody writes that there is none. */
export const organisationParts: Record<OrganisationPart, string> = {
  controller: 'Name of the controller',
  controller_contact: 'Contact of the controller',
  joint_controllers: 'Joint controllers',
  representative: 'Representative in the EU (Article 27)',
  dpo: 'Data protection officer',
  dpo_contact: 'Contact of the data protection officer',
  recipients: 'Other recipients of recordings and data of calls',
  transfers: 'Transfers to other countries or international organisations, with their safeguards',
  measures: 'Organisational measures',
};

/** What the configuration in force says of where data goes and how it is protected; sentences in English. */
export type ProcessingFacts = {
  recipients: readonly { item: string; says: string; from: string }[];
  measures: readonly { item: string; says: string; from: string }[];
};
