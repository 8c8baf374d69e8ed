import { IsString, Matches } from 'class-validator';
import { OptionalText, Setting } from './setting.js';
import { SyncSettings } from './sync-settings.js';

/** Who may use `/admin/*` of the staff listener. Part of `Env`. */
export class StaffSettings extends SyncSettings {
  @Setting('Issuer (`iss`) of the staff tokens that /admin/* accepts; without it nobody gets in (docs/admin.md).')
  @OptionalText()
  OPCOVIA_STAFF_ISSUER?: string;

  @Setting('Audience (`aud`) that a staff token must name.')
  @IsString()
  OPCOVIA_STAFF_AUDIENCE = 'opcovia-staff';

  @Setting('Public keys of that issuer, as a JWKS: its https address, or the path of a file that is read at the start.')
  @OptionalText()
  OPCOVIA_STAFF_JWKS?: string;

  @Setting(
    'Claim of a staff token that holds the roles (viewer, operator, admin): a word or a list; dots lead into objects, as in realm_access.roles.',
  )
  @Matches(/^[\w:/-]+(\.[\w:/-]+)*$/)
  OPCOVIA_STAFF_ROLE_CLAIM = 'roles';
}
