#include "base/program.h"

#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/crypt.h"
#include "base/str.h"

enum { LIST_BYTES_MAX = 1 << 18 };

struct objects {
	struct str list;
	bool self; /* the program's own file is among them */
};

static int add_object(struct dl_phdr_info *info, size_t size, void *ctx)
{
	struct objects *o = ctx;
	bool self = info->dlpi_name == NULL || info->dlpi_name[0] == '\0';
	struct stat st;

	(void)size;
	/* What has no file comes from the kernel, and reads no texts. */
	if (stat(self ? "/proc/self/exe" : info->dlpi_name, &st) != 0)
		return 0;
	o->self |= self;
	str_addf(&o->list, "%s %llu %lld %lld.%09ld\n", self ? "" : info->dlpi_name, (unsigned long long)st.st_ino, (long long)st.st_size,
		 (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	return 0;
}

enum err program_id(char out[PROGRAM_ID_BYTES], struct error *e)
{
	struct objects o = { .self = false };
	struct crypt_hash h;
	enum err err = ERR_OK;

	str_init(&o.list, LIST_BYTES_MAX);
	dl_iterate_phdr(add_object, &o);
	if (str_failed(&o.list))
		err = err_nomem(e);
	else if (!o.self)
		err = err_set(e, ERR_IO, "The system does not say which program runs.");
	h = crypt_sha256(str_slice(&o.list));
	crypt_hex(h.bytes, (PROGRAM_ID_BYTES - 1) / 2, out);
	str_fini(&o.list);
	return err;
}
