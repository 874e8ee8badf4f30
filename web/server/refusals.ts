import { type AuditAction, auditActions } from '../../daemon/domain/assurance/audit.js';
import { TapedeckError } from '../../daemon/domain/error.js';
import { isId } from '../../daemon/domain/recording/recording.js';
import type { Audit, Audited } from '../audit/audit.js';
import type { App } from './types.js';

/** Writes down who tried what they may not: a route without the right to it, or a call that they do not reach. */
export function tellOfRefusals(app: App, audit: Audit): void {
  app.addHook('onError', async (request, _reply, error) => {
    if (!request.session || !(error instanceof TapedeckError)) return;
    if (error.code !== 'forbidden' && error.code !== 'call_unknown') return;
    const { id } = (request.params ?? {}) as { id?: string };
    const { method, url = '' } = request.routeOptions;
    audit.refused(
      audit.of(request, firstOf(request.routeOptions.config.audit), {
        ...(id !== undefined && isId(id) ? { object: 'call', object_id: id } : {}),
        detail: { because: error.code, route: `${[method].flat().join(' ')} ${url}` },
      }),
    );
  });
}

function firstOf(audited: Audited | undefined): AuditAction {
  const [first] = [audited].flat();
  return auditActions.find((action) => action === first) ?? 'view';
}
