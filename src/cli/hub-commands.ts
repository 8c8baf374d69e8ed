import { HubRevocations } from '../hub/leader/hub-revocations.js';
import { instanceName } from '../platform/config/instance-name.js';
import { required, type Command } from './command.js';
import { CommandError, UsageError } from './command-errors.js';

/** `hub:revoke`: an instance is sent away from the hub and its lease ends, and back again with `--readmit`. */
export const hubRevokeCommand: Command = {
  name: 'hub:revoke',
  usage: '--instance <nom> [--readmit]',
  about:
    'Écarte une instance du hub : plus de jeton, sa ligne est coupée, son bail prend fin ; --readmit la laisse revenir.',
  options: { instance: { type: 'string' }, readmit: { type: 'boolean' } },
  async run(given, { desk, terminal }) {
    const instance = required(given, 'instance');
    if (!instanceName.test(instance)) throw new UsageError("Ce n'est pas le nom d'une instance.");
    const { database, audit } = await desk();
    const revoked = given['readmit'] !== true;
    const revocations = new HubRevocations();
    const changed = await database.asSystem(async (sql) => {
      const done = await (revoked ? revocations.revoke(sql, instance) : revocations.readmit(sql, instance));
      const action = revoked ? 'hub_instance.revoked' : 'hub_instance.readmitted';
      const object = `instance:${instance}`;
      if (done) await audit.write(sql, { tenant: null, actor: 'cli', action, object, result: 'ok' });
      return done;
    });
    if (!changed)
      throw new CommandError(revoked ? 'Cette instance est déjà écartée.' : "Cette instance n'est pas écartée.");
    terminal.print(`${instance} : ${revoked ? 'écartée du hub' : 'peut revenir'}.`);
    return 0;
  },
};
