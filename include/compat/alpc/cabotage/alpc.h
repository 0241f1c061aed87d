// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Windows' ALPC and LPC ports on Linux: the NtAlpc calls, the classic NtXxxPort calls, their structures and numbers,
// with Windows' names. Link with -lcabotage-alpc.
//
// Names: "\Name" in UTF-16 is the port "Name" of Cabotage's other faces, in the user's own scope of names.
// Identities: a SID is S-1-22-1-UID; ClientId.UniqueProcess is the process as the kernel tells it, and UniqueThread is
// 0, since the kernel does not tell threads. Timeouts: null is for ever; negative counts hundreds of nanoseconds from
// now; others are times since 1601. Handles belong to the process: a forked child has none of its parent's.
// Every call may be used by several threads on one handle. errno is left alone.
// Threads of the library, which take no signals, are started for callbacks alone.
// docs/c.md of the project lists every call and what is otherwise than on Windows.
#ifndef CABOTAGE_ALPC_H
#define CABOTAGE_ALPC_H

#include <stddef.h>
#include <stdint.h>
#ifndef __cplusplus
#include <uchar.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

#ifndef CABOTAGE_NT_TYPES
#define CABOTAGE_NT_TYPES
typedef void *HANDLE, **PHANDLE;
typedef void *PVOID;
typedef uint8_t BOOLEAN, UCHAR;
typedef int16_t CSHORT, SHORT;
typedef uint16_t USHORT;
typedef int32_t LONG;
typedef uint32_t ULONG, *PULONG;
typedef int64_t LONGLONG;
typedef uint64_t ULONGLONG;
typedef size_t SIZE_T, *PSIZE_T;
typedef uintptr_t ULONG_PTR;
typedef ULONG ACCESS_MASK;
typedef char16_t WCHAR;
typedef union _LARGE_INTEGER {
    struct {
        ULONG LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;
#ifndef TRUE
#define TRUE 1
#define FALSE 0
#endif
#endif

typedef LONG NTSTATUS;
typedef void *PSID;
typedef void *PSECURITY_DESCRIPTOR;

typedef struct _UNICODE_STRING {
    USHORT Length; // in bytes
    USHORT MaximumLength;
    const WCHAR *Buffer;
} UNICODE_STRING, *PUNICODE_STRING;

typedef struct _OBJECT_ATTRIBUTES {
    ULONG Length;
    HANDLE RootDirectory; // none
    PUNICODE_STRING ObjectName;
    ULONG Attributes;
    PVOID SecurityDescriptor;
    PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;

typedef struct _SECURITY_QUALITY_OF_SERVICE {
    ULONG Length;
    ULONG ImpersonationLevel;
    BOOLEAN ContextTrackingMode;
    BOOLEAN EffectiveOnly;
} SECURITY_QUALITY_OF_SERVICE, *PSECURITY_QUALITY_OF_SERVICE;

#define NT_SUCCESS(status) ((NTSTATUS)(status) >= 0)
#define CABOTAGE_STATUS(code) ((NTSTATUS)UINT32_C(code))
#define STATUS_SUCCESS CABOTAGE_STATUS(0x00000000)
#define STATUS_ABANDONED_WAIT_0 CABOTAGE_STATUS(0x00000080)
#define STATUS_TIMEOUT CABOTAGE_STATUS(0x00000102)
#define STATUS_PENDING CABOTAGE_STATUS(0x00000103)
#define STATUS_PARTIAL_COPY CABOTAGE_STATUS(0x8000000D)
#define STATUS_UNSUCCESSFUL CABOTAGE_STATUS(0xC0000001)
#define STATUS_INVALID_INFO_CLASS CABOTAGE_STATUS(0xC0000003)
#define STATUS_INFO_LENGTH_MISMATCH CABOTAGE_STATUS(0xC0000004)
#define STATUS_ACCESS_VIOLATION CABOTAGE_STATUS(0xC0000005)
#define STATUS_INVALID_HANDLE CABOTAGE_STATUS(0xC0000008)
#define STATUS_INVALID_PARAMETER CABOTAGE_STATUS(0xC000000D)
#define STATUS_NO_MEMORY CABOTAGE_STATUS(0xC0000017)
#define STATUS_ACCESS_DENIED CABOTAGE_STATUS(0xC0000022)
#define STATUS_BUFFER_TOO_SMALL CABOTAGE_STATUS(0xC0000023)
#define STATUS_OBJECT_TYPE_MISMATCH CABOTAGE_STATUS(0xC0000024)
#define STATUS_PORT_MESSAGE_TOO_LONG CABOTAGE_STATUS(0xC000002F)
#define STATUS_OBJECT_NAME_INVALID CABOTAGE_STATUS(0xC0000033)
#define STATUS_OBJECT_NAME_NOT_FOUND CABOTAGE_STATUS(0xC0000034)
#define STATUS_OBJECT_NAME_COLLISION CABOTAGE_STATUS(0xC0000035)
#define STATUS_PORT_DISCONNECTED CABOTAGE_STATUS(0xC0000037)
#define STATUS_SECTION_TOO_BIG CABOTAGE_STATUS(0xC0000040)
#define STATUS_PORT_CONNECTION_REFUSED CABOTAGE_STATUS(0xC0000041)
#define STATUS_PORT_ALREADY_SET CABOTAGE_STATUS(0xC0000048)
#define STATUS_INVALID_SID CABOTAGE_STATUS(0xC0000078)
#define STATUS_INSUFFICIENT_RESOURCES CABOTAGE_STATUS(0xC000009A)
#define STATUS_NOT_SUPPORTED CABOTAGE_STATUS(0xC00000BB)
#define STATUS_INTERNAL_ERROR CABOTAGE_STATUS(0xC00000E5)
#define STATUS_INVALID_PARAMETER_2 CABOTAGE_STATUS(0xC00000F0)
#define STATUS_REPLY_MESSAGE_MISMATCH CABOTAGE_STATUS(0xC000021F)
#define STATUS_NOT_FOUND CABOTAGE_STATUS(0xC0000225)
#define STATUS_LPC_REPLY_LOST CABOTAGE_STATUS(0xC0000253)
#define STATUS_SERVER_SID_MISMATCH CABOTAGE_STATUS(0xC00002A0)
#define STATUS_OBJECTID_NOT_FOUND CABOTAGE_STATUS(0xC00002F0)
#define STATUS_MESSAGE_LOST CABOTAGE_STATUS(0xC0000701)
#define STATUS_REQUEST_CANCELED CABOTAGE_STATUS(0xC0000703)
#define STATUS_LPC_RECEIVE_BUFFER_EXPECTED CABOTAGE_STATUS(0xC0000705)
#define STATUS_LPC_REQUESTS_NOT_ALLOWED CABOTAGE_STATUS(0xC0000707)
#define STATUS_RESOURCE_IN_USE CABOTAGE_STATUS(0xC0000708)
#define STATUS_MESSAGE_RETRIEVED CABOTAGE_STATUS(0xC000070A)
#define STATUS_PORT_ALREADY_HAS_COMPLETION_LIST CABOTAGE_STATUS(0xC000071A)
#define STATUS_LPC_HANDLE_COUNT_EXCEEDED CABOTAGE_STATUS(0xC0000722)

// ---- messages

typedef struct _CLIENT_ID {
    HANDLE UniqueProcess;
    HANDLE UniqueThread;
} CLIENT_ID, *PCLIENT_ID;

typedef struct _PORT_MESSAGE {
    union {
        struct {
            CSHORT DataLength;  // what follows the header
            CSHORT TotalLength; // header included
        } s1;
        ULONG Length;
    } u1;
    union {
        struct {
            CSHORT Type;
            CSHORT DataInfoOffset; // from the start of the message to a PORT_DATA_INFORMATION; 0 if it lends nothing
        } s2;
        ULONG ZeroInit;
    } u2;
    CLIENT_ID ClientId;
    ULONG MessageId;
    union {
        SIZE_T ClientViewSize;
        ULONG CallbackId;
    } u3;
} PORT_MESSAGE, *PPORT_MESSAGE;

#define LPC_REQUEST 1
#define LPC_REPLY 2
#define LPC_DATAGRAM 3
#define LPC_LOST_REPLY 4
#define LPC_PORT_CLOSED 5
#define LPC_CLIENT_DIED 6
#define LPC_EXCEPTION 7
#define LPC_DEBUG_EVENT 8
#define LPC_ERROR_EVENT 9
#define LPC_CONNECTION_REQUEST 10
#define LPC_CONNECTION_REPLY 11
#define LPC_CANCELED 12
#define LPC_CONTINUATION_REQUIRED 0x2000
#define LPC_NO_IMPERSONATE 0x4000
#define LPC_KERNELMODE_MESSAGE 0x8000
// The type without its flags.
#define LPC_TYPE(message) ((message)->u2.s2.Type & 0xff)

// The most connection data, and the longest classic message, of ports that ask for nothing else.
#define PORT_MAXIMUM_MESSAGE_LENGTH 512

typedef struct _PORT_DATA_ENTRY {
    PVOID Base;
    ULONG Size;
} PORT_DATA_ENTRY, *PPORT_DATA_ENTRY;

typedef struct _PORT_DATA_INFORMATION {
    ULONG CountDataEntries;
    PORT_DATA_ENTRY DataEntries[1];
} PORT_DATA_INFORMATION, *PPORT_DATA_INFORMATION;

// ---- attributes

typedef HANDLE ALPC_HANDLE, *PALPC_HANDLE;

typedef struct _ALPC_PORT_ATTRIBUTES {
    ULONG Flags;
    SECURITY_QUALITY_OF_SERVICE SecurityQos;
    SIZE_T MaxMessageLength; // header included; 0 is 296: 256 bytes of data
    SIZE_T MemoryBandwidth;
    SIZE_T MaxPoolUsage;
    SIZE_T MaxSectionSize; // 0 is 256 MiB
    SIZE_T MaxViewSize;
    SIZE_T MaxTotalSectionSize;
    ULONG DupObjectTypes;
    ULONG Reserved;
} ALPC_PORT_ATTRIBUTES, *PALPC_PORT_ATTRIBUTES;

#define ALPC_PORFLG_ALLOW_IMPERSONATION 0x10000 // a client's: its server may act as it, on any request
#define ALPC_PORFLG_ALLOW_LPC_REQUESTS 0x20000
#define ALPC_PORFLG_WAITABLE_PORT 0x40000
#define ALPC_PORFLG_ALLOW_DUP_OBJECT 0x80000 // handles are taken with messages
#define ALPC_PORFLG_SYSTEM_PROCESS 0x100000

typedef struct _ALPC_MESSAGE_ATTRIBUTES {
    ULONG AllocatedAttributes;
    ULONG ValidAttributes;
} ALPC_MESSAGE_ATTRIBUTES, *PALPC_MESSAGE_ATTRIBUTES;

#define ALPC_MESSAGE_SECURITY_ATTRIBUTE 0x80000000u
#define ALPC_MESSAGE_VIEW_ATTRIBUTE 0x40000000u
#define ALPC_MESSAGE_CONTEXT_ATTRIBUTE 0x20000000u
#define ALPC_MESSAGE_HANDLE_ATTRIBUTE 0x10000000u
#define ALPC_MESSAGE_TOKEN_ATTRIBUTE 0x08000000u
#define ALPC_MESSAGE_DIRECT_ATTRIBUTE 0x04000000u
#define ALPC_MESSAGE_WORK_ON_BEHALF_ATTRIBUTE 0x02000000u

typedef struct _ALPC_SECURITY_ATTR {
    ULONG Flags;
    PSECURITY_QUALITY_OF_SERVICE QoS;
    ALPC_HANDLE ContextHandle;
} ALPC_SECURITY_ATTR, *PALPC_SECURITY_ATTR;

typedef struct _ALPC_DATA_VIEW_ATTR {
    ULONG Flags;
    ALPC_HANDLE SectionHandle;
    PVOID ViewBase;
    SIZE_T ViewSize;
} ALPC_DATA_VIEW_ATTR, *PALPC_DATA_VIEW_ATTR;
#define ALPC_VIEWFLG_UNMAP_EXISTING 0x10000
#define ALPC_VIEWFLG_AUTO_RELEASE 0x20000
#define ALPC_VIEWFLG_NOT_SECURE 0x40000

typedef struct _ALPC_CONTEXT_ATTR {
    PVOID PortContext;
    PVOID MessageContext;
    ULONG Sequence;
    ULONG MessageId;
    ULONG CallbackId;
} ALPC_CONTEXT_ATTR, *PALPC_CONTEXT_ATTR;

typedef struct _ALPC_HANDLE_ATTR32 {
    ULONG Flags;
    ULONG Handle;
    ULONG ObjectType;
    ACCESS_MASK DesiredAccess;
} ALPC_HANDLE_ATTR32, *PALPC_HANDLE_ATTR32;

// Handles that go with messages are descriptors: see AlpcCabotageHandleOfDescriptor.
typedef struct _ALPC_HANDLE_ATTR {
    ULONG Flags;
    union {
        HANDLE Handle;
        PALPC_HANDLE_ATTR32 HandleAttrArray; // with ALPC_HANDLEFLG_INDIRECT
    };
    union {
        ULONG ObjectType;
        ULONG HandleCount; // with ALPC_HANDLEFLG_INDIRECT, at most 512
    };
    ACCESS_MASK DesiredAccess;
} ALPC_HANDLE_ATTR, *PALPC_HANDLE_ATTR;
#define ALPC_HANDLEFLG_DUPLICATE_SAME_ACCESS 0x10000
#define ALPC_HANDLEFLG_DUPLICATE_SAME_ATTRIBUTES 0x20000
#define ALPC_HANDLEFLG_INDIRECT 0x40000
#define ALPC_HANDLEFLG_DUPLICATE_INHERIT 0x80000

typedef struct _ALPC_TOKEN_ATTR {
    ULONGLONG TokenId;          // the channel
    ULONGLONG AuthenticationId; // the user
    ULONGLONG ModifiedId;       // the group
} ALPC_TOKEN_ATTR, *PALPC_TOKEN_ATTR;

typedef struct _ALPC_DIRECT_ATTR {
    HANDLE Event;
} ALPC_DIRECT_ATTR, *PALPC_DIRECT_ATTR;

typedef struct _ALPC_WORK_ON_BEHALF_ATTR {
    ULONGLONG Ticket;
} ALPC_WORK_ON_BEHALF_ATTR, *PALPC_WORK_ON_BEHALF_ATTR;

size_t AlpcMaxAllowedMessageLength(void);
size_t AlpcGetHeaderSize(ULONG Attributes);
NTSTATUS AlpcInitializeMessageAttribute(ULONG Attributes, PALPC_MESSAGE_ATTRIBUTES Buffer, SIZE_T BufferSize,
                                        PSIZE_T RequiredBufferSize);
PVOID AlpcGetMessageAttribute(PALPC_MESSAGE_ATTRIBUTES Buffer, ULONG Attribute);

// ---- ports

NTSTATUS NtAlpcCreatePort(PHANDLE PortHandle, POBJECT_ATTRIBUTES ObjectAttributes,
                          PALPC_PORT_ATTRIBUTES PortAttributes);
// With ALPC_MSGFLG_SYNC_REQUEST it waits for the server; without, the answer is a message: LPC_CONNECTION_REPLY.
NTSTATUS NtAlpcConnectPort(PHANDLE PortHandle, PUNICODE_STRING PortName, POBJECT_ATTRIBUTES ObjectAttributes,
                           PALPC_PORT_ATTRIBUTES PortAttributes, ULONG Flags, PSID RequiredServerSid,
                           PPORT_MESSAGE ConnectionMessage, PSIZE_T BufferLength,
                           PALPC_MESSAGE_ATTRIBUTES OutMessageAttributes,
                           PALPC_MESSAGE_ATTRIBUTES InMessageAttributes, PLARGE_INTEGER Timeout);
NTSTATUS NtAlpcConnectPortEx(PHANDLE PortHandle, POBJECT_ATTRIBUTES ConnectionPortObjectAttributes,
                             POBJECT_ATTRIBUTES ClientPortObjectAttributes, PALPC_PORT_ATTRIBUTES PortAttributes,
                             ULONG Flags, PSECURITY_DESCRIPTOR ServerSecurityRequirements,
                             PPORT_MESSAGE ConnectionMessage, PSIZE_T BufferLength,
                             PALPC_MESSAGE_ATTRIBUTES OutMessageAttributes,
                             PALPC_MESSAGE_ATTRIBUTES InMessageAttributes, PLARGE_INTEGER Timeout);
NTSTATUS NtAlpcAcceptConnectPort(PHANDLE PortHandle, HANDLE ConnectionPortHandle, ULONG Flags,
                                 POBJECT_ATTRIBUTES ObjectAttributes, PALPC_PORT_ATTRIBUTES PortAttributes,
                                 PVOID PortContext, PPORT_MESSAGE ConnectionRequest,
                                 PALPC_MESSAGE_ATTRIBUTES ConnectionMessageAttributes, BOOLEAN AcceptConnection);
NTSTATUS NtAlpcDisconnectPort(HANDLE PortHandle, ULONG Flags);
NTSTATUS NtClose(HANDLE Handle);

// ---- messages

#define ALPC_MSGFLG_REPLY_MESSAGE 0x1
#define ALPC_MSGFLG_LPC_MODE 0x2
#define ALPC_MSGFLG_RELEASE_MESSAGE 0x10000
#define ALPC_MSGFLG_SYNC_REQUEST 0x20000
#define ALPC_MSGFLG_WAIT_USER_MODE 0x100000
#define ALPC_MSGFLG_WAIT_ALERTABLE 0x200000
#define ALPC_MSGFLG_WOW64_CALL 0x80000000u
#define ALPC_CANCELFLG_TRY_CANCEL 0x1
#define ALPC_CANCELFLG_NO_CONTEXT_CHECK 0x8

// Sends, receives, or both. A server's message with a MessageId is the reply to that request. A client's without
// ALPC_MSGFLG_SYNC_REQUEST is a request that nobody waits for if its Type is LPC_REQUEST, and a datagram otherwise.
NTSTATUS NtAlpcSendWaitReceivePort(HANDLE PortHandle, ULONG Flags, PPORT_MESSAGE SendMessage,
                                   PALPC_MESSAGE_ATTRIBUTES SendMessageAttributes, PPORT_MESSAGE ReceiveMessage,
                                   PSIZE_T BufferLength, PALPC_MESSAGE_ATTRIBUTES ReceiveMessageAttributes,
                                   PLARGE_INTEGER Timeout);
NTSTATUS NtAlpcCancelMessage(HANDLE PortHandle, ULONG Flags, PALPC_CONTEXT_ATTR MessageContext);

// ---- sections, views, reserves

NTSTATUS NtAlpcCreatePortSection(HANDLE PortHandle, ULONG Flags, HANDLE SectionHandle, SIZE_T SectionSize,
                                 PALPC_HANDLE AlpcSectionHandle, PSIZE_T ActualSectionSize);
NTSTATUS NtAlpcDeletePortSection(HANDLE PortHandle, ULONG Flags, ALPC_HANDLE SectionHandle);
NTSTATUS NtAlpcCreateSectionView(HANDLE PortHandle, ULONG Flags, PALPC_DATA_VIEW_ATTR ViewAttributes);
NTSTATUS NtAlpcDeleteSectionView(HANDLE PortHandle, ULONG Flags, PVOID ViewBase);
NTSTATUS NtAlpcCreateResourceReserve(HANDLE PortHandle, ULONG Flags, SIZE_T MessageSize, PULONG ResourceId);
NTSTATUS NtAlpcDeleteResourceReserve(HANDLE PortHandle, ULONG Flags, ULONG ResourceId);

// ---- identity

NTSTATUS NtAlpcCreateSecurityContext(HANDLE PortHandle, ULONG Flags, PALPC_SECURITY_ATTR SecurityAttribute);
NTSTATUS NtAlpcDeleteSecurityContext(HANDLE PortHandle, ULONG Flags, ALPC_HANDLE ContextHandle);
NTSTATUS NtAlpcRevokeSecurityContext(HANDLE PortHandle, ULONG Flags, ALPC_HANDLE ContextHandle);
// Check what it answers: a thread that could not become the client acts with its own rights.
NTSTATUS NtAlpcImpersonateClientOfPort(HANDLE PortHandle, PPORT_MESSAGE Message, PVOID Flags);
NTSTATUS NtAlpcImpersonateClientContainerOfPort(HANDLE PortHandle, PPORT_MESSAGE Message, ULONG Flags);
#define NtCurrentThread() ((HANDLE)(intptr_t)-2)
#define ThreadImpersonationToken 5
// Only ThreadImpersonationToken with a null handle: the thread is itself again.
NTSTATUS NtSetInformationThread(HANDLE ThreadHandle, ULONG Class, const void *Information, ULONG Length);
NTSTATUS NtAlpcOpenSenderProcess(PHANDLE ProcessHandle, HANDLE PortHandle, PPORT_MESSAGE PortMessage, ULONG Flags,
                                 ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes);
NTSTATUS NtAlpcOpenSenderThread(PHANDLE ThreadHandle, HANDLE PortHandle, PPORT_MESSAGE PortMessage, ULONG Flags,
                                ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes);

// ---- information

typedef enum _ALPC_PORT_INFORMATION_CLASS {
    AlpcBasicInformation,
    AlpcPortInformation,
    AlpcAssociateCompletionPortInformation,
    AlpcConnectedSIDInformation,
    AlpcServerInformation,
    AlpcMessageZoneInformation,
    AlpcRegisterCompletionListInformation,
    AlpcUnregisterCompletionListInformation,
    AlpcAdjustCompletionListConcurrencyCountInformation,
    AlpcRegisterCallbackInformation,
    AlpcCompletionListRundownInformation,
    AlpcWaitForPortReferences,
    AlpcServerSessionInformation
} ALPC_PORT_INFORMATION_CLASS;

typedef struct _ALPC_BASIC_INFORMATION {
    ULONG Flags;
    ULONG SequenceNo;
    PVOID PortContext;
} ALPC_BASIC_INFORMATION, *PALPC_BASIC_INFORMATION;

typedef struct _ALPC_SERVER_SESSION_INFORMATION {
    ULONG SessionId;
    ULONG ProcessId;
} ALPC_SERVER_SESSION_INFORMATION, *PALPC_SERVER_SESSION_INFORMATION;

typedef struct _ALPC_PORT_ASSOCIATE_COMPLETION_PORT {
    PVOID CompletionKey;
    HANDLE CompletionPort;
} ALPC_PORT_ASSOCIATE_COMPLETION_PORT, *PALPC_PORT_ASSOCIATE_COMPLETION_PORT;

typedef struct _ALPC_PORT_COMPLETION_LIST_INFORMATION {
    PVOID Buffer;
    ULONG Size;
    ULONG ConcurrencyCount;
    ULONG AttributeFlags;
} ALPC_PORT_COMPLETION_LIST_INFORMATION, *PALPC_PORT_COMPLETION_LIST_INFORMATION;

typedef enum _ALPC_MESSAGE_INFORMATION_CLASS {
    AlpcMessageSidInformation,
    AlpcMessageTokenModifiedIdInformation,
    AlpcMessageDirectStatusInformation,
    AlpcMessageHandleInformation
} ALPC_MESSAGE_INFORMATION_CLASS;

typedef struct _ALPC_MESSAGE_HANDLE_INFORMATION {
    ULONG Index; // which of the message's handles is asked for
    ULONG Flags;
    ULONG Handle;
    ULONG ObjectType;
    ACCESS_MASK GrantedAccess;
} ALPC_MESSAGE_HANDLE_INFORMATION, *PALPC_MESSAGE_HANDLE_INFORMATION;

NTSTATUS NtAlpcQueryInformation(HANDLE PortHandle, ULONG Class, PVOID Information, ULONG Length,
                                PULONG ReturnLength);
// A completion port, once; a completion list: registered, unregistered (null), its concurrency (a ULONG), run down (null).
NTSTATUS NtAlpcSetInformation(HANDLE PortHandle, ULONG Class, PVOID Information, ULONG Length);
NTSTATUS NtAlpcQueryInformationMessage(HANDLE PortHandle, PPORT_MESSAGE PortMessage, ULONG Class, PVOID Information,
                                       ULONG Length, PULONG ReturnLength);

// ---- completion ports: told of messages, without a thread at each port

typedef struct _IO_STATUS_BLOCK {
    union {
        NTSTATUS Status;
        PVOID Pointer;
    };
    ULONG_PTR Information;
} IO_STATUS_BLOCK, *PIO_STATUS_BLOCK;

typedef struct _FILE_IO_COMPLETION_INFORMATION {
    PVOID KeyContext;
    PVOID ApcContext; // null in the packet of a message
    IO_STATUS_BLOCK IoStatusBlock;
} FILE_IO_COMPLETION_INFORMATION, *PFILE_IO_COMPLETION_INFORMATION;

// Of this process, without a name; the number of threads is not limited. NtClose wakes whoever waits:
// STATUS_ABANDONED_WAIT_0.
NTSTATUS NtCreateIoCompletion(PHANDLE IoCompletionHandle, ACCESS_MASK DesiredAccess,
                              POBJECT_ATTRIBUTES ObjectAttributes, ULONG NumberOfConcurrentThreads);
NTSTATUS NtSetIoCompletion(HANDLE IoCompletionHandle, PVOID KeyContext, PVOID ApcContext, NTSTATUS IoStatus,
                           ULONG_PTR IoStatusInformation);
NTSTATUS NtRemoveIoCompletion(HANDLE IoCompletionHandle, PVOID *KeyContext, PVOID *ApcContext,
                              PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER Timeout);
NTSTATUS NtRemoveIoCompletionEx(HANDLE IoCompletionHandle, PFILE_IO_COMPLETION_INFORMATION IoCompletionInformation,
                                ULONG Count, PULONG NumEntriesRemoved, PLARGE_INTEGER Timeout, BOOLEAN Alertable);

// ---- completion lists: messages taken into memory of the program

// A list is named by the address of its memory, which has to be there, and is the library's, until the list is
// unregistered or its port closed. It is of a connection port or of a client's port. What is not taken stays at the
// port, and can be received there.
NTSTATUS AlpcRegisterCompletionList(HANDLE PortHandle, PVOID Buffer, ULONG Size, ULONG ConcurrencyCount,
                                    ULONG AttributeFlags);
NTSTATUS AlpcUnregisterCompletionList(HANDLE PortHandle);
// What waits now can still be taken; what comes from now on is received at the port.
NTSTATUS AlpcRundownCompletionList(HANDLE PortHandle);
NTSTATUS AlpcAdjustCompletionListConcurrencyCount(HANDLE PortHandle, ULONG ConcurrencyCount);
// A completion port that is associated with the port gets packets as long as fewer threads than ConcurrencyCount are
// workers. Begins being one: TRUE if there is a message and a worker is wanted.
BOOLEAN AlpcRegisterCompletionListWorkerThread(PVOID CompletionList);
// Ends being one: FALSE if a message has come meanwhile, and the thread is a worker still.
BOOLEAN AlpcUnregisterCompletionListWorkerThread(PVOID CompletionList);
// Messages that wait, and those that were taken and not freed.
ULONG AlpcGetOutstandingCompletionListMessageCount(PVOID CompletionList);
// Takes the next message; null if there is none that fits. It does not wait.
PPORT_MESSAGE AlpcGetMessageFromCompletionList(PVOID CompletionList, PALPC_MESSAGE_ATTRIBUTES *MessageAttributes);
PALPC_MESSAGE_ATTRIBUTES AlpcGetCompletionListMessageAttributes(PVOID CompletionList, PPORT_MESSAGE Message);
void AlpcFreeCompletionListMessage(PVOID CompletionList, PPORT_MESSAGE Message);
void AlpcGetCompletionListLastMessageInformation(PVOID CompletionList, PULONG LastMessageId, PULONG LastCallbackId);

// ---- callbacks in threads of the library

typedef struct _TP_CALLBACK_INSTANCE TP_CALLBACK_INSTANCE, *PTP_CALLBACK_INSTANCE;
typedef struct _TP_CALLBACK_ENVIRON TP_CALLBACK_ENVIRON, *PTP_CALLBACK_ENVIRON;
typedef struct _TP_ALPC TP_ALPC, *PTP_ALPC;
typedef void (*PTP_ALPC_CALLBACK)(PTP_CALLBACK_INSTANCE Instance, PVOID Context, PTP_ALPC Alpc);
typedef void (*PTP_ALPC_CALLBACK_EX)(PTP_CALLBACK_INSTANCE Instance, PVOID Context, PTP_ALPC Alpc, PVOID ApcContext);

// One callback for each message that no blocked thread takes, by several threads at once; it receives the message
// itself, without waiting, and may find that another has. The environment is null.
NTSTATUS TpAllocAlpcCompletion(PTP_ALPC *AlpcReturn, HANDLE AlpcPort, PTP_ALPC_CALLBACK Callback, PVOID Context,
                               PTP_CALLBACK_ENVIRON CallbackEnviron);
NTSTATUS TpAllocAlpcCompletionEx(PTP_ALPC *AlpcReturn, HANDLE AlpcPort, PTP_ALPC_CALLBACK_EX Callback, PVOID Context,
                                 PTP_CALLBACK_ENVIRON CallbackEnviron);
// Until no callback runs and none is due; in a callback, until none of another thread runs.
void TpWaitForAlpcCompletion(PTP_ALPC Alpc);
// No callback begins any more; those that run go on.
void TpReleaseAlpcCompletion(PTP_ALPC Alpc);
// Callbacks are workers of the port's completion list, as often as there is something in it, until the second call,
// which runs the list down and waits for them.
void TpAlpcRegisterCompletionList(PTP_ALPC Alpc);
void TpAlpcUnregisterCompletionList(PTP_ALPC Alpc);
// Sends the message, which has to be there until then, when the callback has returned; waits at most a second for room.
void TpCallbackSendAlpcMessageOnCompletion(PTP_CALLBACK_INSTANCE TpHandle, HANDLE PortHandle, ULONG Flags,
                                           PPORT_MESSAGE SendMessage);
// Sends it now.
void TpCallbackSendPendingAlpcMessage(PTP_CALLBACK_INSTANCE TpHandle);

// ---- the classic calls

typedef struct _PORT_VIEW {
    ULONG Length;
    HANDLE SectionHandle;
    ULONG SectionOffset;
    SIZE_T ViewSize;
    PVOID ViewBase;
    PVOID ViewRemoteBase;
} PORT_VIEW, *PPORT_VIEW;

typedef struct _REMOTE_PORT_VIEW {
    ULONG Length;
    SIZE_T ViewSize;
    PVOID ViewBase;
} REMOTE_PORT_VIEW, *PREMOTE_PORT_VIEW;

NTSTATUS NtCreatePort(PHANDLE PortHandle, POBJECT_ATTRIBUTES ObjectAttributes, ULONG MaxConnectionInfoLength,
                      ULONG MaxMessageLength, ULONG MaxPoolUsage);
NTSTATUS NtCreateWaitablePort(PHANDLE PortHandle, POBJECT_ATTRIBUTES ObjectAttributes,
                              ULONG MaxConnectionInfoLength, ULONG MaxMessageLength, ULONG MaxPoolUsage);
NTSTATUS NtConnectPort(PHANDLE PortHandle, PUNICODE_STRING PortName, PSECURITY_QUALITY_OF_SERVICE SecurityQos,
                       PPORT_VIEW ClientView, PREMOTE_PORT_VIEW ServerView, PULONG MaxMessageLength,
                       PVOID ConnectionInformation, PULONG ConnectionInformationLength);
NTSTATUS NtSecureConnectPort(PHANDLE PortHandle, PUNICODE_STRING PortName,
                             PSECURITY_QUALITY_OF_SERVICE SecurityQos, PPORT_VIEW ClientView,
                             PSID RequiredServerSid, PREMOTE_PORT_VIEW ServerView, PULONG MaxMessageLength,
                             PVOID ConnectionInformation, PULONG ConnectionInformationLength);
NTSTATUS NtListenPort(HANDLE PortHandle, PPORT_MESSAGE ConnectionRequest);
NTSTATUS NtAcceptConnectPort(PHANDLE PortHandle, PVOID PortContext, PPORT_MESSAGE ConnectionRequest,
                             BOOLEAN AcceptConnection, PPORT_VIEW ServerView, PREMOTE_PORT_VIEW ClientView);
NTSTATUS NtCompleteConnectPort(HANDLE PortHandle);
NTSTATUS NtRequestPort(HANDLE PortHandle, PPORT_MESSAGE RequestMessage);
NTSTATUS NtRequestWaitReplyPort(HANDLE PortHandle, PPORT_MESSAGE RequestMessage, PPORT_MESSAGE ReplyMessage);
NTSTATUS NtReplyPort(HANDLE PortHandle, PPORT_MESSAGE ReplyMessage);
NTSTATUS NtReplyWaitReplyPort(HANDLE PortHandle, PPORT_MESSAGE ReplyMessage);
NTSTATUS NtReplyWaitReceivePort(HANDLE PortHandle, PVOID *PortContext, PPORT_MESSAGE ReplyMessage,
                                PPORT_MESSAGE ReceiveMessage);
NTSTATUS NtReplyWaitReceivePortEx(HANDLE PortHandle, PVOID *PortContext, PPORT_MESSAGE ReplyMessage,
                                  PPORT_MESSAGE ReceiveMessage, PLARGE_INTEGER Timeout);
NTSTATUS NtImpersonateClientOfPort(HANDLE PortHandle, PPORT_MESSAGE Message);
NTSTATUS NtReadRequestData(HANDLE PortHandle, PPORT_MESSAGE Message, ULONG DataEntryIndex, PVOID Buffer,
                           SIZE_T BufferSize, PSIZE_T NumberOfBytesRead);
NTSTATUS NtWriteRequestData(HANDLE PortHandle, PPORT_MESSAGE Message, ULONG DataEntryIndex, PVOID Buffer,
                            SIZE_T BufferSize, PSIZE_T NumberOfBytesWritten);
NTSTATUS NtQueryInformationPort(HANDLE PortHandle, ULONG PortInformationClass, PVOID PortInformation, ULONG Length,
                                PULONG ReturnLength);
NTSTATUS NtRegisterThreadTerminatePort(HANDLE PortHandle);

// ---- what Windows lacks

// Arranges for a port's descriptor to become readable when there is something to receive. STATUS_SUCCESS: there is
// already. STATUS_PENDING: wait on the descriptor, with poll or epoll; it belongs to the port, and
// tells one thread: what others do with the port meanwhile may take what it would have told of.
// STATUS_PORT_ALREADY_SET: the port tells a completion port.
NTSTATUS AlpcCabotagePrepareWait(HANDLE PortHandle, int *Descriptor);
// A handle of a copy of an open descriptor, to go with messages; and a copy of the descriptor behind such a handle.
NTSTATUS AlpcCabotageHandleOfDescriptor(int Descriptor, PHANDLE Handle);
NTSTATUS AlpcCabotageDescriptorOfHandle(HANDLE Handle, int *Descriptor);
// The calling thread is itself again, after NtAlpcImpersonateClientOfPort.
NTSTATUS AlpcCabotageRevertToSelf(void);

// ---- small helpers, as Windows has them

static inline void RtlInitUnicodeString(PUNICODE_STRING Target, const WCHAR *Source) {
    size_t units = 0;
    while (Source != NULL && units < 0x7ffe && Source[units] != 0) units++;
    Target->Length = (USHORT)(units * sizeof(WCHAR));
    Target->MaximumLength = (USHORT)(Target->Length + (Source != NULL ? sizeof(WCHAR) : 0));
    Target->Buffer = Source;
}

static inline void InitializeObjectAttributes(POBJECT_ATTRIBUTES Target, PUNICODE_STRING Name, ULONG Attributes,
                                              HANDLE Root, PVOID SecurityDescriptor) {
    Target->Length = sizeof(OBJECT_ATTRIBUTES);
    Target->RootDirectory = Root;
    Target->ObjectName = Name;
    Target->Attributes = Attributes;
    Target->SecurityDescriptor = SecurityDescriptor;
    Target->SecurityQualityOfService = NULL;
}

#ifdef __cplusplus
}
#endif
#endif
