// SPDX-License-Identifier: MIT OR Apache-2.0
// What an audit token says. Here nobody logs in for an audit: the audit user is AU_DEFAUDITID.
#ifndef _LIBBSM_H_
#define _LIBBSM_H_

#include <mach/message.h>
#include <stdint.h>
#include <sys/types.h>

typedef uid_t au_id_t;
typedef pid_t au_asid_t;

typedef struct au_tid {
    dev_t port;
    uint32_t machine;
} au_tid_t;

#define AU_DEFAUDITID ((au_id_t)-1)
#define AU_DEFAUDITSID 0

#ifdef __cplusplus
extern "C" {
#endif

au_id_t audit_token_to_auid(audit_token_t atoken);
uid_t audit_token_to_euid(audit_token_t atoken);
gid_t audit_token_to_egid(audit_token_t atoken);
uid_t audit_token_to_ruid(audit_token_t atoken);
gid_t audit_token_to_rgid(audit_token_t atoken);
pid_t audit_token_to_pid(audit_token_t atoken);
au_asid_t audit_token_to_asid(audit_token_t atoken);
// With the process number, which process it is: not one that has that number later.
int audit_token_to_pidversion(audit_token_t atoken);
// All of it; pointers may be NULL.
void audit_token_to_au32(audit_token_t atoken, uid_t *auidp, uid_t *euidp, gid_t *egidp, uid_t *ruidp, gid_t *rgidp,
                         pid_t *pidp, au_asid_t *asidp, au_tid_t *tidp);

#ifdef __cplusplus
}
#endif

#endif
