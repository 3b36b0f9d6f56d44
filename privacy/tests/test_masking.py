import pytest
from django.contrib.auth.models import Group, User

from privacy.masking import mask_address, may_see_addresses


@pytest.mark.parametrize(
    ("email", "masked"),
    [
        ("cem@test.ru", "c***@t***.ru"),
        ("ab@test.ru", "***@t***.ru"),
        ("a@ya.ru", "***@***.ru"),
        ("christopher@mail.example.co.uk", "c***@m***.uk"),
        ("ivan@xn--e1afmkfd.xn--p1ai", "i***@п***.рф"),
        ("ivan@xn--a.ru", "i***@x***.ru"),
        ('"a@b"@test.ru', '"***@t***.ru'),
    ],
)
def test_mask(email: str, masked: str) -> None:
    assert mask_address(email) == masked


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("group", "may"), [("viewers", False), ("managers", True), ("data protection", True)]
)
def test_who_sees_addresses(group: str, may: bool) -> None:
    account = User.objects.create_user("helper", is_staff=True)
    account.groups.add(Group.objects.get(name=group))
    assert may_see_addresses(account) is may
