import type { Jurisdiction } from './schema.js';

/**
 * What is known of the law on recording calls, by place: information, not legal advice. Each entry has its source, the day on
 * which it was looked up, and how sure it is. Where sources disagree, the stricter reading stands here.
 */
const AS_OF = '2026-11-28';

/** Where the GDPR applies: the members of the EU, and Iceland, Liechtenstein and Norway (ISO 3166-1). */
export const GDPR_COUNTRIES =
  'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK'.split(' ');

type Given = Pick<Jurisdiction, 'id' | 'name' | 'rule' | 'statute' | 'source' | 'confidence'> &
  Partial<Jurisdiction>;
const entry = (given: Given): Jurisdiction => ({
  notice: given.rule !== 'one_party',
  prior_consent: false,
  objection: given.prior_consent === true,
  // The GDPR asks for that, also where a country of it has an entry of its own.
  purpose_and_identity: GDPR_COUNTRIES.includes(given.id),
  prompt_in_recording: false,
  beep_seconds: null,
  nuance: '',
  as_of: AS_OF,
  ...given,
});

/** Stands for a number that tells no place, and for a place that is not listed. */
export const UNKNOWN = entry({
  id: 'unknown',
  name: 'Unknown number, or a place that is not listed',
  rule: 'special',
  prompt_in_recording: true,
  nuance:
    'Treated like the strictest announcement rule of the United States: a spoken announcement, heard in the recording.',
  statute: 'None',
  source: 'A choice of Tapedeck, not a law',
  confidence: 'low',
});

const NAMED: Given[] = [
  {
    id: 'US',
    name: 'United States (federal)',
    rule: 'one_party',
    nuance:
      'One party may consent, unless the recording is made for a criminal or tortious purpose. State law may ask for more.',
    statute: '18 U.S.C. 2511(2)(d)',
    source: 'Minnesota State Bar Association (mnbar.org)',
    confidence: 'high',
  },
  {
    id: 'US-CA',
    name: 'California',
    rule: 'all_party',
    nuance:
      'Any call with a mobile or cordless phone counts, confidential or not (632.7), and the law binds the parties themselves. It applies to calls with clients in California that are recorded elsewhere. Whether a beep alone is notice has not been decided: use a spoken one.',
    statute: 'Penal Code 632, 632.7, 637.2',
    source: 'Smith v. LoanMe, 11 Cal.5th 183 (2021); Kearney v. Salomon Smith Barney, 39 Cal.4th 95 (2006)',
    confidence: 'high',
  },
  {
    id: 'US-CT',
    name: 'Connecticut',
    rule: 'notice',
    prompt_in_recording: true,
    beep_seconds: 15,
    nuance:
      'Three ways are lawful under civil law: consent of all beforehand, in writing or on the recording; a verbal notice recorded at the start; or a tone about every 15 seconds. Criminal law asks for one party only.',
    statute: 'Conn. Gen. Stat. 52-570d; 53a-187, 53a-189',
    source: 'Text of the statute (lawserver.com)',
    confidence: 'high',
  },
  {
    id: 'US-DE',
    name: 'Delaware',
    rule: 'all_party',
    nuance: 'Two statutes conflict: one asks for all parties, one for one party. The stricter is followed.',
    statute: '11 Del. C. 1335(a)(4), 2402(c)(4)',
    source: 'RCFP Reporter’s Recording Guide (October 2019)',
    confidence: 'medium',
  },
  {
    id: 'US-FL',
    name: 'Florida',
    rule: 'all_party',
    nuance: 'A notice at the outset ends the expectation of privacy.',
    statute: 'Fla. Stat. 934.03(2)(d)',
    source: 'Metaverse Law (metaverselaw.com). The text of the statute was not read',
    confidence: 'high',
  },
  {
    id: 'US-HI',
    name: 'Hawaii',
    rule: 'one_party',
    as_of: '2026-12-02',
    nuance:
      'One party may consent to the recording of a call. To put up a device in a private place, everybody in it has to, and some lists call the state special for that. The text was not read for this entry.',
    statute: 'Haw. Rev. Stat. 803-42',
    source: 'RCFP, survey of the states (2012). Not verified',
    confidence: 'low',
  },
  {
    id: 'US-IL',
    name: 'Illinois',
    rule: 'all_party',
    nuance:
      'Concerns surreptitious recording of private conversations; an audible announcement means that it is not surreptitious.',
    statute: '720 ILCS 5/14-1, 14-2; P.A. 98-1142 (30 December 2014)',
    source: 'Text of the statute (ilga.gov)',
    confidence: 'high',
  },
  {
    id: 'US-MD',
    name: 'Maryland',
    rule: 'all_party',
    nuance: 'Consent may be implied by staying on the line after a notice; the source for that is weak.',
    statute: 'Md. Code, Courts and Judicial Proceedings 10-402(c)(3)',
    source: 'Text of the statute; recordinglaw.com',
    confidence: 'high',
  },
  {
    id: 'US-MA',
    name: 'Massachusetts',
    rule: 'notice',
    nuance:
      'Secret recording is prohibited: people must know, they need not agree. A recorder that is part of the telephone system and used in the ordinary course of business may fall outside the statute (Dillon v. MBTA).',
    statute: 'Mass. Gen. Laws c. 272 § 99',
    source:
      'Curtatone v. Barstool Sports (SJC 2021), as reported by dankennedy.net; Dillon v. MBTA, 49 Mass. App. Ct. 309 (2000)',
    confidence: 'high',
  },
  {
    id: 'US-MI',
    name: 'Michigan',
    rule: 'special',
    nuance:
      'State courts let a participant record; federal courts disagree whether the statute does. The stricter is followed: tell everybody.',
    statute: 'MCL 750.539c',
    source:
      'Sullivan v. Gray (1982); Fisher v. Perron, 30 F.4th 289 (6th Cir. 2022); contra AFT v. Project Veritas, 397 F. Supp. 3d 981 (E.D. Mich. 2019)',
    confidence: 'medium',
  },
  {
    id: 'US-MT',
    name: 'Montana',
    rule: 'notice',
    nuance: 'All parties must know: a warning is enough, and once one party has warned, either may record.',
    statute: 'Mont. Code 45-8-213(1)(c), (2)(a)',
    source: 'RCFP Reporter’s Recording Guide (May 2020)',
    confidence: 'high',
  },
  {
    id: 'US-NH',
    name: 'New Hampshire',
    rule: 'all_party',
    nuance: 'A felony without any consent, a misdemeanor if only one party consents.',
    statute: 'N.H. Rev. Stat. 570-A:2, 570-A:11',
    source: 'USLegal (uslegal.com)',
    confidence: 'high',
  },
  {
    id: 'US-NV',
    name: 'Nevada',
    rule: 'all_party',
    nuance:
      'The text asks for one party; the courts read it as all parties for calls by wire. It does not apply to a recording that is made outside Nevada; Tapedeck follows it for numbers in Nevada all the same.',
    statute: 'NRS 200.620',
    source: 'Lane v. Allstate, 114 Nev. 1176 (1998); Ditech v. Buckles, 401 P.3d 215 (Nev. 2017)',
    confidence: 'high',
  },
  {
    id: 'US-OR',
    name: 'Oregon',
    rule: 'special',
    notice: false,
    nuance:
      'One party for telephone calls. Everybody must be informed where people meet in person; many lists apply that to calls too.',
    statute: 'ORS 165.540(1)(a), (1)(c)',
    source: 'Project Veritas v. Schmidt (9th Cir. en banc, 7 January 2025)',
    confidence: 'high',
  },
  {
    id: 'US-PA',
    name: 'Pennsylvania',
    rule: 'all_party',
    nuance: 'There are exceptions, of which Tapedeck uses none: it has everybody told.',
    statute: '18 Pa. C.S. 5703, 5704(4)',
    source: 'recordinglaw.com',
    confidence: 'high',
  },
  {
    id: 'US-VT',
    name: 'Vermont',
    rule: 'one_party',
    nuance:
      'There is no statute, so federal law stands. Some lists wrongly say that all parties must consent.',
    statute: 'None of its own; 18 U.S.C. 2511(2)(d)',
    source: 'RCFP Reporter’s Recording Guide (June 2020)',
    confidence: 'high',
  },
  {
    id: 'US-WI',
    name: 'Wisconsin',
    rule: 'notice',
    as_of: '2026-12-01',
    nuance:
      'One party may consent under criminal law. In civil courts a recorded call is no evidence unless people were told at the time that it is recorded and may be used in court: whoever wants to use recordings tells them.',
    statute: 'Wis. Stat. 968.31(2)(c), 885.365',
    source: 'Karp & Iancu, S.C. (24 October 2017)',
    confidence: 'medium',
  },
  {
    id: 'US-WA',
    name: 'Washington',
    rule: 'all_party',
    prompt_in_recording: true,
    nuance:
      'An announcement is consent enough if it is itself recorded: capture must not begin after the prompt.',
    statute: 'RCW 9.73.030',
    source: 'RCFP (2012)',
    confidence: 'high',
  },
  {
    id: 'EU',
    name: 'European Union and EEA (GDPR)',
    rule: 'notice',
    purpose_and_identity: true,
    nuance:
      'At the start of the call: who records, what for, and on what legal basis. Where that basis is consent, ask for a yes; where it is a legitimate interest, people may object, for which a key to refuse is one way. Member states may ask for more in their criminal law.',
    statute: 'Regulation (EU) 2016/679, Articles 5, 6 and 13',
    source: 'CooperBurnett, “Data protection and recording telephone calls” (2019)',
    confidence: 'medium',
  },
  {
    id: 'DE',
    name: 'Germany',
    rule: 'all_party',
    prior_consent: true,
    nuance:
      'Recording the spoken word of another person without authority is a crime, with up to three years in prison. People must have agreed: being told is not enough.',
    statute: 'Strafgesetzbuch § 201; Regulation (EU) 2016/679, Article 13',
    source: 'Rechtsanwalt Udo Vetter on covert recordings of conversations (2015)',
    confidence: 'medium',
  },
  {
    id: 'DK',
    name: 'Denmark',
    rule: 'all_party',
    prior_consent: true,
    as_of: '2026-12-01',
    nuance:
      'The supervisory authority asks for consent by a clear act, such as pressing a key, before a call is recorded; going on after an announcement is none, nor is a key to refuse. In particular cases, such as to document an agreement, another basis may do.',
    statute: 'Regulation (EU) 2016/679, as the Danish authority applies it',
    source:
      'Datatilsynet, decision of 8 April 2019 (TDC) and 2020-32-1566 of 6 July 2021, as reported by Bird & Bird and by GDPRhub',
    confidence: 'medium',
  },
  {
    id: 'CH',
    name: 'Switzerland',
    rule: 'all_party',
    as_of: '2026-12-01',
    nuance:
      'A participant who records without the permission of the others commits an offence (179ter). Orders, assignments, reservations and the like may be recorded in business without it, and used as evidence only (179quinquies); Tapedeck cannot tell such calls and does not use that.',
    statute: 'Swiss Criminal Code, articles 179ter and 179quinquies',
    source: 'Federal Data Protection Commissioner, “Aufzeichnung von Telefongesprächen”',
    confidence: 'medium',
  },
  {
    id: 'FR',
    name: 'France',
    rule: 'notice',
    objection: true,
    as_of: '2026-12-02',
    nuance:
      'Recording private words without the consent of who speaks is a crime; who knows of it and does not object is taken to consent. Say who records, what for, and how to object. The texts were not read for this entry.',
    statute: 'Code pénal 226-1; Regulation (EU) 2016/679, Article 13',
    source:
      'CNIL, 25 April 2022, as reported by nextinpact.com, for who records and what for. The rest was not verified',
    confidence: 'low',
  },
  {
    id: 'ES',
    name: 'Spain',
    rule: 'notice',
    as_of: '2026-12-01',
    nuance:
      'Who takes part may record their own conversation; a business has to say who records and what for. The texts were not read for this entry.',
    statute: 'Código Penal 197; Tribunal Constitucional 114/1984; Regulation (EU) 2016/679, Article 13',
    source: 'None was read. Not verified',
    confidence: 'low',
  },
  {
    id: 'GB',
    name: 'United Kingdom',
    rule: 'notice',
    purpose_and_identity: true,
    nuance:
      'A business may record on its own system, for purposes that the regulations list, after all reasonable efforts to inform everybody who may use it. UK GDPR asks for a notice besides.',
    statute:
      'Investigatory Powers (Interception by Businesses etc. for Monitoring and Record-keeping Purposes) Regulations 2018 (SI 2018/356); UK GDPR, Article 13',
    source: 'The regulations 3 and 4; CooperBurnett, “Data protection and recording telephone calls” (2019)',
    confidence: 'medium',
  },
  {
    id: 'CA',
    name: 'Canada',
    rule: 'notice',
    objection: true,
    purpose_and_identity: true,
    as_of: '2026-12-02',
    nuance:
      'People must be told that the call may be recorded and what for, and must consent; who continues after being told is taken to consent. Whoever objects is to be offered another way, such as a call without a recording. Quebec has a law of its own with much the same duties.',
    statute: 'Personal Information Protection and Electronic Documents Act (PIPEDA)',
    source:
      'Office of the Privacy Commissioner of Canada, “Guidelines for Recording of Customer Telephone Calls” (2008), and its fact sheet before them as quoted by Field LLP (20 September 2006)',
    confidence: 'medium',
  },
  {
    id: 'AU',
    name: 'Australia',
    rule: 'notice',
    nuance:
      'An organization must say so at the beginning of the call, so that people can end it, or ask for a line without recording if there is one. States and territories have laws on listening devices besides.',
    statute: 'Telecommunications (Interception and Access) Act 1979',
    source:
      'Office of the Australian Information Commissioner, “Are there rules about recording or monitoring my telephone conversations?”',
    confidence: 'medium',
  },
  {
    id: 'IN',
    name: 'India',
    rule: 'notice',
    nuance:
      'A participant may record. The Digital Personal Data Protection Act 2023 asks organizations for a clear notice and consent; where it applies to you, ask for a yes.',
    statute: 'Digital Personal Data Protection Act 2023; R.M. Malkani v. State of Maharashtra (1973)',
    source: 'Subhash Ahlawat, Advocate, on the Act. The text was not read',
    confidence: 'low',
  },
];

/** All of them by the same source. */
const ONE_PARTY: [id: string, name: string, nuance?: string][] = [
  ['AK', 'Alaska'],
  ['AL', 'Alabama'],
  ['AR', 'Arkansas'],
  ['AZ', 'Arizona'],
  ['CO', 'Colorado'],
  ['DC', 'District of Columbia'],
  ['GA', 'Georgia'],
  ['IA', 'Iowa'],
  ['ID', 'Idaho'],
  ['IN', 'Indiana'],
  ['KS', 'Kansas'],
  ['KY', 'Kentucky'],
  ['LA', 'Louisiana'],
  ['ME', 'Maine'],
  ['MN', 'Minnesota'],
  ['MO', 'Missouri'],
  ['MS', 'Mississippi'],
  ['NC', 'North Carolina'],
  ['ND', 'North Dakota'],
  ['NE', 'Nebraska'],
  ['NJ', 'New Jersey'],
  ['NM', 'New Mexico'],
  ['NY', 'New York'],
  ['OH', 'Ohio'],
  ['OK', 'Oklahoma'],
  ['RI', 'Rhode Island'],
  ['SC', 'South Carolina'],
  ['SD', 'South Dakota'],
  ['TN', 'Tennessee'],
  ['TX', 'Texas'],
  ['UT', 'Utah'],
  ['VA', 'Virginia'],
  ['WV', 'West Virginia'],
  ['WY', 'Wyoming'],
];

/** All that Tapedeck comes with, `UNKNOWN` among them. */
export const JURISDICTIONS: Jurisdiction[] = [
  UNKNOWN,
  ...NAMED.map(entry),
  ...ONE_PARTY.map(([id, name, nuance = '']) =>
    entry({
      id: `US-${id}`,
      name,
      rule: 'one_party',
      nuance,
      statute: '18 U.S.C. 2511(2)(d); the state’s own statute was not looked up',
      source: 'RCFP, survey of the states (2012); recordinglaw.com',
      confidence: 'medium',
    }),
  ),
].toSorted((a, b) => (a.id === 'unknown' ? -1 : b.id === 'unknown' ? 1 : a.id < b.id ? -1 : 1));
