import { importJWK, SignJWT } from 'jose';
import { type Command, oneOf, optional, required } from './command.js';
import { CommandError, UsageError } from './command-errors.js';

const roles = ['viewer', 'operator', 'admin'] as const;
const mostMinutes = 60;

/** `staff-token`: a short-lived token for the staff listener of a local installation. */
export const staffTokenCommand: Command = {
  name: 'staff-token',
  usage: '--role viewer|operator|admin [--minutes <1 à 60>] [--subject <nom>]',
  about:
    'Écrit un jeton pour /admin/* de l’installation locale ; ailleurs, c’est votre fournisseur d’identité qui le donne.',
  options: { role: { type: 'string' }, minutes: { type: 'string' }, subject: { type: 'string' } },
  async run(given, { staffKey, terminal }) {
    const role = oneOf(roles, 'role', required(given, 'role'));
    const minutes = minutesOf(optional(given, 'minutes') ?? '15');
    const subject = optional(given, 'subject') ?? 'local';
    if (!/^[\x21-\x7e]{1,120}$/.test(subject))
      throw new UsageError('L’option --subject attend un mot sans espace ni accent.');
    const key = staffKey();
    if (!key)
      throw new CommandError(
        'Les jetons locaux n’existent que sur une installation locale : ni en production, ni avec OPCOVIA_STAFF_JWKS.',
      );
    const { privateJwk, issuer, audience } = key;
    const { kid, alg } = privateJwk;
    const token = await new SignJWT({ roles: [role] })
      .setProtectedHeader({ alg: String(alg), kid: String(kid), typ: 'JWT' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(subject)
      .setIssuedAt()
      .setExpirationTime(`${minutes}m`)
      .sign(await importJWK(privateJwk));
    terminal.print(token);
    return 0;
  },
};

function minutesOf(text: string): number {
  const minutes = Number(text);
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > mostMinutes)
    throw new UsageError(`L’option --minutes attend un nombre entier de 1 à ${mostMinutes}.`);
  return minutes;
}
