// What people type before they have read anything, after other tools, and the command that does it.
import { nearest } from './nearest.ts';
import { printable } from './printable.ts';

const ENROL = 'kith enrol <folder> --gallery <gallery>, with a folder for each person, named after them';
const IDENTIFY = 'kith identify <photos…> --gallery <gallery>';
const NO_TRAINING = 'kith enrol: people can be found as soon as they are added, without training';
const LIST_PEOPLE = 'kith people list --gallery <gallery>';

/** By the group of commands, "" for the first word; for each the words and what they are called here. */
const GUESSES: Readonly<Record<string, readonly (readonly [words: string, command: string])[]>> = {
  '': [
    ['add enroll enrolment enrollment learn register', ENROL],
    ['train', NO_TRAINING],
    ['find search recognise recognize recognition lookup who whois', IDENTIFY],
    ['compare match', 'kith verify <photo> <other>'],
    ['cluster sort', 'kith group <photos…>'],
    ['person persons user users member members subject subjects', LIST_PEOPLE],
    ['collection collections galleries groups', 'kith gallery list'],
    ['list ls', `kith gallery list, and ${LIST_PEOPLE}`],
    ['delete erase remove rm', 'kith people erase <person> --gallery <gallery>, or kith gallery delete <gallery>'],
    ['create new init', 'kith gallery create <gallery>; kith enrol makes a missing one by itself'],
    ['check health info status', 'kith doctor'],
    ['daemon run server start', 'kith serve'],
    ['certificate certificates tls', 'kith cert'],
    ['login token', 'kith keys create'],
    ['log logs', 'kith audit export'],
    ['version', 'kith --version'],
  ],
  people: [
    ['add create enrol enroll import new', ENROL],
    ['delete remove rm', 'kith people erase <person> --gallery <gallery>'],
    ['find identify recognise recognize search', `${IDENTIFY} looks in photos; ${LIST_PEOPLE} lists names`],
    ['ls', LIST_PEOPLE],
    ['get info', 'kith people show <person> --gallery <gallery>'],
  ],
  gallery: [
    ['add make new', 'kith gallery create <gallery>'],
    ['erase remove rm', 'kith gallery delete <gallery>'],
    ['get info show', 'kith gallery stats <gallery>'],
    ['ls', 'kith gallery list'],
    ['edit rename update', 'kith gallery set <gallery>'],
    ['export import', 'kith export <gallery>, and kith import <file>'],
    ['people', LIST_PEOPLE],
  ],
  keys: [
    ['add make new', 'kith keys create'],
    ['delete erase remove rm', 'kith keys revoke <keyId>'],
    ['ls', 'kith keys list'],
  ],
  consent: [
    ['add', 'kith consent give <person> --gallery <gallery>'],
    ['delete remove revoke rm', 'kith consent withdraw <person> --gallery <gallery>'],
    ['ls', 'kith consent list'],
  ],
  audit: [
    ['check', 'kith audit verify'],
    ['list log ls show', 'kith audit export'],
  ],
  tenants: [
    ['add make new', 'kith tenants create <id>'],
    ['erase remove rm', 'kith tenants delete <id>'],
    ['ls', 'kith tenants list'],
  ],
};

/** A sentence for a word that is no command; `group`: of a group of commands, whose names are `known`. */
export function explainUnknown(word: string, group: string, known: readonly string[]): string {
  const path = ['kith', ...(group === '' ? [] : [group])].join(' ');
  const missing = `There is no "${path} ${printable(word)}"`;
  const guesses = GUESSES[group] ?? [];
  const guess = guesses.find(([words]) => words.split(' ').includes(word.toLowerCase()))?.[1];
  if (guess !== undefined) return `${missing}; use ${guess}.`;
  const near = nearest(word, known);
  if (near !== undefined) return `${missing}. Did you mean ${path} ${near}?`;
  return `${missing}: ${path} --help lists what there is.`;
}
