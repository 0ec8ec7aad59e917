import { stripVTControlCharacters } from 'node:util';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** Characters that terminals show two columns wide (Unicode TR 11: East Asian wide, and emoji). */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u;

/** What a reader sees as single characters. */
export function charactersOf(text: string): readonly string[] {
  return [...graphemes.segment(text)].map(({ segment }) => segment);
}

/** Columns of a terminal that the text takes; colours take none. */
export function displayWidth(text: string): number {
  return charactersOf(stripVTControlCharacters(text)).reduce((sum, char) => sum + (WIDE.test(char) ? 2 : 1), 0);
}

/** Cuts plain text into lines of at most `columns`, at spaces where there are some. */
export function wrapText(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const character of charactersOf(text)) {
    if (displayWidth(line + character) > columns) {
      const space = line.lastIndexOf(' ');
      const end = space > line.length / 2 ? space : line.length;
      lines.push(line.slice(0, end));
      line = line.slice(end).trimStart();
    }
    line += character;
  }
  return [...lines, line];
}

/** Breaks sentences between words, colours or not; further lines are indented a little more than the first. */
export function foldText(text: string, columns: number): string {
  const indent = /^ */.exec(text)?.[0] ?? '';
  const lines: string[] = [];
  let line = indent;
  for (const word of text.slice(indent.length).split(' ')) {
    const isFirst = line.trim() === '';
    if (!isFirst && displayWidth(`${line} ${word}`) > columns) {
      lines.push(line);
      line = `${indent}  ${word}`;
    } else line += isFirst ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}
