/** White space, and what nothing is drawn for: zero-width characters, joiners, directions, fillers, blank Braille. */
const UNSEEN =
  /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Z}\u115f\u1160\u2800\u3164\uffa0]/gu;

/** Whether nobody would see anything of this text: as an answer to a question it is as good as none. */
export const isBlank = (text: string): boolean => text.replace(UNSEEN, '') === '';
