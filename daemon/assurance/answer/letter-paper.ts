import type { Writable } from 'node:stream';
import { iso } from '../../domain/days.js';
import type { AnswerOrder } from '../../domain/privacy/answer.js';
import { writePaper } from '../../paper/paper.js';

const ROOM = 11;

/** Writes the letter of an answer as PDF: a paragraph for each line, as it was typed. */
export function letterPaper({ text, request, site, now }: AnswerOrder, out: Writable): Promise<void> {
  const name = `Request ${request.number}`;
  return writePaper(
    { title: `Answer to ${name.toLowerCase()}`, author: site.name, made: iso(now), foot: name },
    out,
    (paper) => {
      for (const block of text.split('\n\n')) paper.paragraph(block, ROOM);
    },
  );
}
