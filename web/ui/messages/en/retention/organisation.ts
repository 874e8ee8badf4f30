/** The messages of what the record of processing says of the organisation. */
export const organisationText = {
  title: 'Your organisation',
  help: 'The record of processing needs this, and Tapedeck cannot know it. What is empty is listed as missing. Where there is none, write so, such as "None".',
  parts: {
    controller: 'Name of the controller',
    controller_contact: 'Contact of the controller',
    joint_controllers: 'Joint controllers',
    representative: 'Representative in the EU',
    dpo: 'Data protection officer',
    dpo_contact: 'Contact of the data protection officer',
    recipients: 'Other recipients',
    transfers: 'Transfers to other countries',
    measures: 'Organisational measures',
  },
  helps: {
    controller: 'The organisation that decides why and how calls are recorded.',
    controller_contact: 'Postal address, email address and telephone.',
    joint_controllers: 'Others who decide with you, and their contacts.',
    representative: 'Of a controller outside of the EU (Article 27).',
    dpo: 'Name or department.',
    dpo_contact: 'Email address and telephone.',
    recipients: 'Processors, group companies or authorities that get recordings or data of calls.',
    transfers: 'Which country or international organisation, and which safeguards.',
    measures: 'Such as training, instructions and who has access to the machine.',
  },
  save: 'Save',
  saved: 'Saved. The record is created again.',
  changed: ({ name, at }: { name: string; at: string }) => `Saved by ${name}, ${at}.`,
};
/** What entries of the audit log say of it. */
export const organisationEntry = ({
  detail,
}: {
  detail: Record<string, string | number | boolean | null | string[]>;
}): string =>
  `changed the organisation in the record of processing: ${Array.isArray(detail.changed) ? detail.changed.map((part) => part.replaceAll('_', ' ')).join(', ') : ''}`;
